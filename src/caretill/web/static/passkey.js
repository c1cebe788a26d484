/* Passkeys, and the button that shows a password. The form says what is asked; the browser's answer is sent with it. */
"use strict";
(() => {
  for (const button of document.querySelectorAll("[data-show]")) {
    const field = document.getElementById(button.dataset.show);
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = field.type === "text";
      field.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
      field.focus();
    });
    field.form.addEventListener("submit", () => { field.type = "password"; });
  }

  const form = document.getElementById("passkey-form");
  if (!form || !window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const asked = () => {
    const options = JSON.parse(form.dataset.options);
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const each of [...(options.excludeCredentials || []), ...(options.allowCredentials || [])]) each.id = bytes(each.id);
    return options;
  };
  const failed = form.querySelector(".failed");
  let waiting = null;

  const send = (made) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[name]) response[name] = text(made.response[name]);
    }
    form.elements.passkey.value = JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
    form.submit();
  };
  const ask = async (more) => {
    if (waiting) waiting.abort();
    const mine = waiting = new AbortController();
    const verb = form.dataset.kind === "create" ? "create" : "get";
    try {
      send(await navigator.credentials[verb]({ publicKey: asked(), signal: mine.signal, ...more }));
    } catch (fault) {
      if (!mine.signal.aborted && !more.mediation) failed.hidden = false;
    }
  };

  form.hidden = false;
  form.parentElement.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    failed.hidden = true;
    ask({});
  });
  /* The browser offers its passkeys in the field for the address, and asks nothing until one is chosen. */
  if ("quiet" in form.dataset && PublicKeyCredential.isConditionalMediationAvailable) {
    PublicKeyCredential.isConditionalMediationAvailable().then((can) => can && ask({ mediation: "conditional" }));
  }
})();
