import { getTimes } from 'suncalc';
import { WallClock } from './wall-clock.ts';

/** Where the home is: its time zone, and its coordinates in degrees for the sun. */
export interface Location {
  readonly timeZone: string;
  readonly latitude?: number | undefined;
  readonly longitude?: number | undefined;
}

/** Instants in milliseconds since 1970; undefined on a day without one, near the poles. */
export interface Sun {
  readonly sunrise: number | undefined;
  readonly sunset: number | undefined;
}

const halfDayMs = 43_200_000;
const mostDays = 1000;

/** A home's clock and sun; shared by its schedules, so that each day's sun is worked out once. */
export class Place {
  readonly clock: WallClock;
  readonly #coordinates: readonly [number, number] | undefined;
  readonly #days = new Map<number, Sun>();

  constructor({ timeZone, latitude, longitude }: Location) {
    this.clock = new WallClock(timeZone);
    this.#coordinates =
      latitude === undefined || longitude === undefined ? undefined : [latitude, longitude];
  }

  get hasSun(): boolean {
    return this.#coordinates !== undefined;
  }

  /** The sun of the day whose midnight is the wall time `dayMs`. */
  sunOf(dayMs: number): Sun {
    if (this.#coordinates === undefined) return { sunrise: undefined, sunset: undefined };
    let sun = this.#days.get(dayMs);
    if (sun === undefined) {
      // suncalc takes the solar noon that is nearest: from the day's own noon it is this day's.
      const noon = new Date(this.clock.instantOf(dayMs + halfDayMs));
      const { sunrise, sunset } = getTimes(noon, ...this.#coordinates);
      sun = { sunrise: wholeSecond(sunrise), sunset: wholeSecond(sunset) };
      if (this.#days.size >= mostDays) this.#days.clear();
      this.#days.set(dayMs, sun);
    }
    return sun;
  }
}

const wholeSecond = (moment: Date | null): number | undefined =>
  moment === null ? undefined : Math.floor(moment.getTime() / 1000) * 1000;
