// Shows times in the browser's own zone, and tells the server of it for the pages that follow.
"use strict";

(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  const cookie = "accede_zone=" + encodeURIComponent(zone);
  if (!document.cookie.split("; ").includes(cookie)) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = cookie + "; Path=/; Max-Age=31536000; SameSite=Lax" + secure;
  }
  if (document.documentElement.dataset.zone === zone) return;

  const part = (at, options) => new Intl.DateTimeFormat("en-GB", options).format(at);
  const written = (at) =>
    part(at, { day: "numeric", month: "short", year: "numeric" }) + ", " +
    part(at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" });
  const rewrite = (root) => {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const text = written(new Date(time.dateTime));
      if (time.classList.contains("since")) time.title = text;
      else time.textContent = text;
    }
  };
  rewrite(document);
  document.addEventListener("htmx:load", (event) => rewrite(event.target));
  for (const name of document.querySelectorAll("[data-zone-name]")) name.textContent = zone;
  for (const field of document.querySelectorAll("input[name=zone]")) field.value = zone;
})();
