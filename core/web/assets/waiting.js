// Keeps the count in the navigation up to date, and tells a page that wants to know when it is time to look again.
"use strict";

(() => {
  const interval = 30_000;
  const badge = document.querySelector("[data-waiting]");
  let timer = 0;

  const show = (count) => {
    if (!badge || badge.textContent === count) return;
    badge.textContent = count;
    badge.hidden = count === "";
  };
  // What was typed stays: signing in in another tab is enough to go on here.
  const signedOut = () => {
    if (document.getElementById("signed-out")) return;
    const notice = document.createElement("p");
    notice.id = "signed-out";
    notice.className = "notice wait";
    notice.setAttribute("role", "alert");
    const link = document.createElement("a");
    link.href = "/sign-in";
    link.target = "_blank";
    link.textContent = "Sign in in another tab";
    notice.append("You are signed out. ", link, ", then go on here.");
    document.querySelector("main").prepend(notice);
  };
  const look = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      const answer = await fetch("/waiting/count", { redirect: "manual" });
      if (answer.type === "opaqueredirect") signedOut();
      if (answer.ok) {
        document.getElementById("signed-out")?.remove();
        show(await answer.text());
        document.body.dispatchEvent(new Event("looked"));
      }
    } catch {
      // the next look may reach the server again
    }
    timer = setTimeout(look, interval);
  };
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) signedOut();
  });
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pageshow", (event) => { if (event.persisted) look(); });
  timer = setTimeout(look, interval);
})();
