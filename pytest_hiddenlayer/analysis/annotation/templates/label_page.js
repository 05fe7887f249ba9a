// A key presses the button that carries it in data-key, except while a note is written.
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("textarea, input")) return;
  const key = event.key.toLowerCase();
  const button = [...document.querySelectorAll("button[data-key]")].find((candidate) => candidate.dataset.key === key);
  if (button) { event.preventDefault(); button.click(); }
});
