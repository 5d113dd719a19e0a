// Where one stands: the side bar marks the section in view, and closes on small screens.
{
  const menu = document.getElementById("menu");
  const here = document.getElementById("here");
  const links = [...menu.querySelectorAll("a")];
  const wide = matchMedia("(min-width: 64.01rem)");
  const choices = document.getElementById("choices");
  const fit = () => { menu.open = wide.matches; };
  wide.addEventListener("change", fit);
  fit();
  choices.open = wide.matches;
  menu.addEventListener("click", (event) => { if (event.target.closest("a")) fit(); });

  const parts = links.map((link) => document.getElementById(link.hash.slice(1)));
  let waiting = false;
  function mark() {
    waiting = false;
    const last = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    const passed = parts.filter((part) => part.getBoundingClientRect().top < innerHeight / 3);
    const current = last ? parts.at(-1) : passed.at(-1) || parts[0];
    links.forEach((link, index) => {
      if (parts[index] !== current) link.removeAttribute("aria-current");
      else if (!link.hasAttribute("aria-current")) {
        link.setAttribute("aria-current", "location");
        here.textContent = `· ${link.textContent}`;
      }
    });
  }
  const soon = () => { if (!waiting) { waiting = true; requestAnimationFrame(mark); } };
  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon);
  mark();

  // What is wider than the screen says so above itself, as phones hide their scroll bars.
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const more = target.scrollWidth > target.clientWidth + 1;
      const before = target.previousElementSibling;
      if (before && before.className === "more") before.hidden = !more;
      else if (more) {
        const told = document.createElement("p");
        told.className = "more";
        told.textContent = "wider than the screen: scroll sideways →";
        target.before(told);
      }
    }
  });
  document.querySelectorAll(".wide").forEach((each) => sizes.observe(each));
}
