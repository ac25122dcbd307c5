/** A year of hourly points of a small firm: weather, power, web servers. The same in every run, up to its dates. */

const HOURS = 365 * 24;
const HOUR_S = 3600;

export interface Year {
  /** Line protocol with times in seconds. */
  lines: string[];
  measurements: number;
  /** Fields of all points. */
  values: number;
}

type Point = (hour: number) => Record<string, string>;

const SERIES: Record<string, Point> = {
  'weather,city=lisbon': (hour) => weather(hour, 17, 6),
  'weather,city=oslo': (hour) => weather(hour, 6, 11),
  'power,site=north': (hour) => ({ kilowatts: decimal(40 + 25 * day(hour) + noise(hour, 3)) }),
  'power,site=south': (hour) => ({ kilowatts: decimal(55 + 35 * day(hour) + noise(hour, 5)) }),
  'web,host=web-1': (hour) => web(hour, 7),
  'web,host=web-2': (hour) => web(hour, 11),
};

export function yearUntil(end: Date): Year {
  const midnight = Math.floor(end.getTime() / 1000 / 86_400) * 86_400;
  const lines: string[] = [];
  let values = 0;
  for (let hour = 0; hour < HOURS; hour += 1) {
    const time = midnight - (HOURS - hour) * HOUR_S;
    for (const [series, point] of Object.entries(SERIES)) {
      const fields = Object.entries(point(hour)).map(([name, value]) => `${name}=${value}`);
      values += fields.length;
      lines.push(`${series} ${fields.join(',')} ${time}`);
    }
  }
  const measurements = new Set(Object.keys(SERIES).map((series) => series.split(',')[0])).size;
  return { lines, measurements, values };
}

function weather(hour: number, mean: number, swing: number): Record<string, string> {
  const season = -Math.cos((2 * Math.PI * hour) / HOURS);
  return {
    temperature: decimal(mean + swing * season + 4 * day(hour) + noise(hour, mean)),
    humidity: decimal(65 - 15 * day(hour) + 3 * noise(hour, mean + 1)),
  };
}

function web(hour: number, seed: number): Record<string, string> {
  const requests = Math.round(9000 + 6000 * day(hour) + 800 * noise(hour, seed));
  return { requests: `${requests}i`, errors: `${Math.round(requests / 900)}i` };
}

/** -1 at night, 1 in the afternoon. */
function day(hour: number): number {
  return -Math.cos((2 * Math.PI * ((hour % 24) - 3)) / 24);
}

/** Between -1 and 1, always the same for the same hour. */
function noise(hour: number, seed: number): number {
  return Math.sin(hour * 12.9898 + seed * 78.233) * Math.cos(hour * 4.1414);
}

function decimal(value: number): string {
  return value.toFixed(2);
}
