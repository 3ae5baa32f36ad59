// Asks the browser for a passkey and sends its answer with the form. Forms that need it are hidden until this runs.
"use strict";

(() => {
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (c) => c.charCodeAt(0));
  };
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const prepared = (options) => {
    const key = options.publicKey;
    key.challenge = bytes(key.challenge);
    if (key.user) key.user.id = bytes(key.user.id);
    for (const list of [key.excludeCredentials, key.allowCredentials]) {
      for (const one of list || []) one.id = bytes(one.id);
    }
    return { publicKey: key };
  };

  const answered = (credential) => {
    const given = credential.response;
    const response = { clientDataJSON: text(given.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (given[name]) response[name] = text(given[name]);
    }
    if (given.getTransports) response.transports = given.getTransports();
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };

  const run = async (form) => {
    const begun = await fetch(form.dataset.begin, { method: "POST", credentials: "same-origin" });
    if (!begun.ok || begun.redirected) throw new Error("Accede did not answer. Load the page again.");
    const credential = await navigator.credentials[form.dataset.passkey](prepared(await begun.json()));
    form.elements.answer.value = answered(credential);
    form.submit();
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const problem = form.querySelector("[data-problem]");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      problem.hidden = true;
      run(form).catch((error) => {
        const given = error.name === "NotAllowedError" ? "It was cancelled or took too long. Try again." :
          error.name === "InvalidStateError" ? "This device has a passkey of yours already." : error.message;
        problem.textContent = given;
        problem.hidden = false;
      });
    });
    form.hidden = false;
  }
})();
