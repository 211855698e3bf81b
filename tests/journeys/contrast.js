// Judges how well words can be read, with axe, on one element for each way they are painted that is not in `known`:
// colours, size and weight of it and of all it stands on. A long table is painted in a few ways. What is lifted out of
// the flow may stand on anything and is judged wherever it is. Answers with what was found and with the ways met anew.
async (known) => {
  const PAINT = ["color", "backgroundColor", "backgroundImage", "opacity", "fontSize", "fontWeight", "textShadow"];
  const CONTRAST = { resultTypes: ["violations"], runOnly: { type: "rule", values: ["color-contrast"] } };
  const paints = new Map([[null, ""]]), seen = new Set(known), fresh = [], samples = [];

  const digest = (text, factor) => [...text].reduce((sum, letter) => (Math.imul(sum, factor) + letter.codePointAt(0)) | 0, 7);
  // Null for what is lifted out of the flow, and what is in it.
  const paintOf = (element) => {
    if (!paints.has(element)) {
      const style = getComputedStyle(element), below = paintOf(element.parentElement);
      const whole = below + PAINT.map((name) => style[name]).join();
      const isLifted = below === null || !["static", "relative"].includes(style.position);
      paints.set(element, isLifted ? null : `${digest(whole, 31)} ${digest(whole, 131)}`);
    }
    return paints.get(element);
  };
  const hasWords = (element) => element.matches("input, select, textarea")
    || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const isSeen = (element) => element.checkVisibility() && element.getBoundingClientRect().width > 1;

  for (const element of document.querySelectorAll("body *")) {
    if (!hasWords(element) || !isSeen(element)) continue;
    const paint = paintOf(element);
    if (seen.has(paint)) continue;
    samples.push(element);
    if (paint !== null) {
      seen.add(paint);
      fresh.push(paint);
    }
  }
  const found = samples.length ? (await axe.run({ include: samples }, CONTRAST)).violations : [];
  return { fresh, found: found.map((each) => `${each.id} (${each.nodes.length}): ${each.nodes[0].html.slice(0, 160)}`) };
}
