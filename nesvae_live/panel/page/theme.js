// Light, dark, or as the system has it; and the stage, which is always dark.

import { byId, forgetColours } from "./dom.js";

const KEY = "nesvae-theme";

export function watchTheme(redraw) {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = byId("theme");
  const show = () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
    button.textContent = isDark ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark ? "Switch to light" : "Switch to dark");
    forgetColours();
    redraw();
  };
  const kept = localStorage.getItem(KEY);
  if (kept) root.dataset.theme = kept;
  button.onclick = () => {
    root.dataset.theme = button.textContent.toLowerCase();
    localStorage.setItem(KEY, root.dataset.theme);
    show();
  };
  dark.addEventListener("change", show);
  const stage = byId("stage");
  stage.onclick = () => {
    const on = document.body.classList.toggle("stage");
    stage.setAttribute("aria-pressed", String(on));
    if (on) root.dataset.theme = "dark";
    else if (localStorage.getItem(KEY)) root.dataset.theme = localStorage.getItem(KEY);
    else delete root.dataset.theme;
    show();
  };
  show();
}
