/* Starts the worker that shows a page when there is no network. On a done page it also offers, once, to put the site
   on the telephone: only where the browser says that it can. */
"use strict";
(() => {
  const own = document.currentScript;
  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register(own.dataset.worker, { scope: "/" }).catch(() => {});
  }
  const box = document.getElementById("install");
  if (!box || /(?:^|; )install=1/.test(document.cookie)) return;
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    box.hidden = false;
    const safe = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `install=1; max-age=31536000; path=/; samesite=lax${safe}`;
    box.querySelector("button").addEventListener("click", () => {
      box.hidden = true;
      event.prompt();
    });
  }, { once: true });
})();
