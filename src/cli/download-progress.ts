/**
 * Downloads as one watches them, on stderr: a line for each file and, on a terminal, a bar below
 * with the share, the speed and the time left. Elsewhere a line at every tenth of a file, without a
 * bar or any control character.
 */
import { MultiBar, type SingleBar } from "cli-progress";
import type { FetchEvent } from "../data/fetch-dataset.js";
import { bytes, clock } from "../report/format.js";
import { painter } from "./paint.js";
import type { ProgressStream } from "./progress.js";
import { canRedraw } from "./terminal.js";

export interface DownloadProgress {
  onEvent(event: FetchEvent): void;
  /** Takes the bar away and gives the terminal back. */
  close(): void;
}

/** Files smaller than this have no lines between their first and their last. */
const WORTH_LINES = 1e6;

/** Shows the events of `fetchDataset` on a stream. */
export function createDownloadProgress(stream: ProgressStream): DownloadProgress {
  const paint = painter(stream);
  let bars: { group: MultiBar; bar: SingleBar } | undefined;
  let size = 0;
  let tenths = 0;
  let began: { time: number; received: number } | undefined;
  let state = { received: 0, total: 0 };

  const line = (text: string) => {
    if (bars) {
      bars.group.log(`${text}\n`);
      bars.group.update();
    } else {
      stream.write(`${text}\n`);
    }
  };
  const openBar = () => {
    const group = new MultiBar({
      stream: stream as NodeJS.WritableStream,
      hideCursor: true,
      clearOnComplete: true,
      // Signals are the command's affair.
      gracefulExit: false,
      fps: 5,
      format: () => barLine(state, began, stream.columns || 80, paint),
    });
    bars = { group, bar: group.create(1, 0) };
  };
  const close = () => {
    bars?.group.stop();
    bars = undefined;
  };

  return {
    onEvent(event) {
      switch (event.type) {
        case "begin":
          size = event.bytes;
          tenths = 0;
          began = undefined;
          state = { received: 0, total: size };
          line(`${event.url} ${paint("dim", `(${bytes(size)})`)}`);
          if (canRedraw(stream) && !bars) openBar();
          break;
        case "progress": {
          state = {
            received: event.received,
            total: event.total ?? Math.max(size, event.received),
          };
          // Speed counts from here: what an earlier process fetched cost no time now.
          began ??= { time: Date.now(), received: event.received };
          bars?.bar.update(Math.min(1, state.received / state.total));
          const now = Math.floor((10 * state.received) / state.total);
          if (!bars && now > tenths && state.total >= WORTH_LINES && now < 10) {
            line(`  ${now * 10} % of ${bytes(state.total)}`);
          }
          tenths = Math.max(tenths, now);
          break;
        }
        case "retry":
          began = undefined;
          line(paint("yellow", `  ${event.reason}; trying again`));
          break;
        case "done":
          line(`  ${paint("green", "ok")} ${event.name}`);
          break;
        case "present":
          line(`  ${paint("green", "ok")} ${event.name}, there already`);
          break;
      }
    },
    close,
  };
}

/** `  ━━━━────  42 %  71 MB of 170 MB  3.1 MB/s  0:32 left`, no wider than the terminal. */
export function barLine(
  { received, total }: { received: number; total: number },
  began: { time: number; received: number } | undefined,
  columns: number,
  paint: ReturnType<typeof painter>,
  now: number = Date.now(),
): string {
  const seconds = began ? (now - began.time) / 1000 : 0;
  const speed = began && seconds > 0.5 ? (received - began.received) / seconds : 0;
  const share = total > 0 ? Math.min(1, received / total) : 0;
  const figures = [`${Math.floor(100 * share)} %`, `${bytes(received)} of ${bytes(total)}`];
  if (speed > 0) figures.push(`${bytes(speed)}/s`, `${clock((total - received) / speed)} left`);
  const least = 8;
  const room = () => columns - 3 - figures.reduce((sum, text) => sum + text.length + 2, 0);
  while (figures.length > 1 && room() < least) figures.pop();
  const width = Math.max(least, Math.min(40, room()));
  const done = Math.round(width * share);
  return `  ${paint("cyan", "━".repeat(done))}${paint("dim", "─".repeat(width - done))}${figures.map((text) => `  ${text}`).join("")}`;
}
