// One requestAnimationFrame for all: what draws registers here and is called once a frame, most ten times a second.

type Draw = (now: number) => void;

const MIN_MS = 90;
const drawing = new Set<Draw>();
let last = 0;

function frame(now: number): void {
  requestAnimationFrame(frame);
  if (now - last < MIN_MS) return;
  last = now;
  for (const draw of drawing) draw(now);
}

requestAnimationFrame(frame);

/** Calls it at each frame until the answer is called. */
export function onFrame(draw: Draw): () => void {
  drawing.add(draw);
  return () => drawing.delete(draw);
}
