// A key presses the button that names it, except while a note is written.
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("textarea, input")) return;
  const key = event.key.toLowerCase();
  const button = [...document.querySelectorAll("button[data-key]")].find((b) => b.dataset.key === key);
  if (button) { event.preventDefault(); button.click(); }
});
