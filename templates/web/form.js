// Nothing here is needed: it offers the zone of the device where the pages would otherwise take the list's.
"use strict";

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

for (const row of document.querySelectorAll("[data-zone]")) {
  if (here && here !== row.dataset.zone) {
    const box = row.querySelector("input");
    box.value = here;
    box.disabled = false;
    row.querySelector("[data-zone-name]").textContent = here;
    row.hidden = false;
  }
}

for (const select of document.querySelectorAll("select[data-here]")) {
  const option = Array.from(select.options).find((one) => one.value === here);
  const usual = select.options[0].textContent;
  if (option && !select.value && !usual.includes(here)) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.textContent = select.dataset.here.replace("{zone}", here);
    button.addEventListener("click", () => {
      select.value = here;
      button.remove();
      select.focus();
    });
    select.after(button);
  }
}
