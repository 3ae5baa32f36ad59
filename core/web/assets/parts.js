// Shows only the parts of a form that go with what was chosen. Without it they are all there, under their titles.
"use strict";

(() => {
  for (const part of document.querySelectorAll("fieldset[data-only]")) {
    const choice = part.form.elements[part.dataset.only];
    const show = () => { part.hidden = choice.value !== part.dataset.answer; };
    choice.addEventListener("change", show);
    show();
  }
})();
