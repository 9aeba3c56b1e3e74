// A chart of columns over time: uPlot, loaded when the first one is looked at. Time is drawn in seconds since the epoch, whole
// multiples of UTC, and labelled in the chosen zone, so no zone's clock change can bend the axis. A gap is null and stays a gap.

import { createEffect, createSignal, onCleanup, onMount, type JSX } from "solid-js";
import type uPlot from "uplot";
import { clock, price, zone } from "./format";
import { settings } from "./settings";

export interface Series {
  label: string;
  colour: string; // name of a custom property
  dash?: boolean;
  fill?: boolean;
  step?: boolean;
}

export interface ChartProps {
  label: string;
  series: Series[];
  /** Seconds, then a column for each series; null where nothing is known. */
  data: (number | null)[][];
  unit?: string;
  height?: number;
  tick?: number;
}

const STEPS = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400];

export function Chart(props: ChartProps): JSX.Element {
  let place!: HTMLDivElement;
  let plot: uPlot | undefined;
  const [failure, setFailure] = createSignal("");
  const [library, setLibrary] = createSignal<typeof uPlot>();

  onMount(() => {
    import("uplot").then((module) => setLibrary(() => module.default), () => setFailure("The chart could not be loaded."));
    const observer = new ResizeObserver(() => plot?.setSize({ width: place.clientWidth, height: props.height ?? 220 }));
    observer.observe(place);
    onCleanup(() => (observer.disconnect(), plot?.destroy()));
  });

  createEffect(() => {
    const make = library();
    settings.zone(), settings.theme(), settings.palette();
    if (make === undefined || props.data.length === 0) return;
    plot?.destroy();
    plot = new make(options(props, place.clientWidth), props.data as uPlot.AlignedData, place);
  });

  const last = (column: number): number | null => {
    const values = props.data[column + 1] ?? [];
    for (let i = values.length - 1; i >= 0; i--) if (values[i] !== null) return values[i]!;
    return null;
  };

  return (
    <figure class="chart">
      <figcaption>
        {props.series.map((each, i) => (
          <span class="legend" data-colour={each.colour}>
            {each.label} <b class="num">{last(i) === null ? "—" : price(last(i)!, props.tick)}</b>
          </span>
        ))}
        <span class="dim">{props.unit} · {zone()}</span>
      </figcaption>
      <div ref={place} role="img" aria-label={`${props.label}: ${props.series.map((each) => each.label).join(", ")}`} />
      {failure() && <p class="dim">{failure()}</p>}
    </figure>
  );
}

function options(props: ChartProps, width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const grid = { stroke: colour("line"), width: 1 };
  const font = `11px ${style.getPropertyValue("--font")}`;
  return {
    width,
    height: props.height ?? 220,
    legend: { show: false },
    cursor: { drag: { x: true, y: false }, points: { size: 6 } },
    scales: { x: { time: false } },
    axes: [
      { stroke: colour("dim"), grid, ticks: grid, font, incrs: STEPS, values: (_, at) => at.map((s) => clock(s * 1e3).slice(0, 8)) },
      { stroke: colour("dim"), grid, ticks: grid, font, size: 76, values: (_, at) => at.map((value) => (value === 0 ? "0" : price(value, props.tick))) },
    ],
    series: [
      {},
      ...props.series.map((each) => ({
        label: each.label,
        stroke: colour(each.colour),
        fill: each.fill ? `${colour(each.colour)}22` : undefined,
        width: 1.5,
        dash: each.dash ? [4, 4] : undefined,
        spanGaps: false,
        points: { show: false },
      })),
    ],
  } as uPlot.Options;
}
