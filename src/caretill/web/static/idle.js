/* Warns two minutes before a session ends by itself. At the end the page goes, and a form that stands open is kept.
   Tabs of one browser tell each other of the server's last answer, so work in one holds the others open. */
"use strict";
(() => {
  const box = document.getElementById("idle");
  const form = document.getElementById("idle-form");
  const warn = Number(box.dataset.warn) * 1000;
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("session") : null;
  let ends = Date.now() + Number(box.dataset.left) * 1000;

  const told = (later) => {
    if (later <= ends) return;
    ends = later;
    if (box.open && ends - Date.now() > warn) box.close();
  };
  if (tabs) {
    tabs.onmessage = (event) => {
      if (event.data.who === box.dataset.who) told(event.data.ends);
    };
    tabs.postMessage({ who: box.dataset.who, ends });
  }

  const hide = (into, name, value) => {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    into.append(field);
  };

  /* The session ends here and now: asking for another page a moment early would have begun it anew. What was typed
     goes along to the sign-in page; a file cannot. */
  const leave = () => {
    const open = [...document.querySelectorAll("main form[method=post]")].find((each) => [...each.elements].some((field) =>
      (field.type === "checkbox" || field.type === "radio") ? field.checked !== field.defaultChecked
        : field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue));
    if (!open) {
      hide(form, "idle", box.dataset.here);
      hide(form, "nothing", "1");
      form.submit();
      return;
    }
    hide(open, "idle", new URL(open.getAttribute("action") || location.pathname, location.href).pathname);
    open.setAttribute("action", form.getAttribute("action"));
    open.submit();
  };
  const stay = async () => {
    try {
      const answer = await fetch(form.getAttribute("action"), {
        method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(new FormData(form)),
      });
      const { left } = await answer.json();
      if (!left) {
        leave();
        return;
      }
      const later = Date.now() + left * 1000;
      box.close();
      ends = later;
      if (tabs) tabs.postMessage({ who: box.dataset.who, ends });
    } catch {
      box.close();
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    stay();
  });
  setInterval(() => {
    const left = ends - Date.now();
    if (left <= 0) leave();
    else if (left <= warn && !box.open) box.showModal();
  }, 1000);
})();
