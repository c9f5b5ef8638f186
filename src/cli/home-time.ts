import { Zone } from '#kernel';
import type { Invocation } from './invocation.ts';

/** Instants as the clock on the wall at home shows them. */
export class HomeTime {
  readonly zone: string;
  readonly #zone: Zone;

  /** @param zone an IANA name. @throws RangeError when there is no such zone. */
  constructor(zone: string) {
    this.zone = zone;
    this.#zone = new Zone(zone);
  }

  /** `2026-03-01 18:30` of an ISO time; nothing for what never was. */
  minute(iso: string | null | undefined): string {
    return this.#wall(iso, 'yyyy-mm-dd hh:mm'.length);
  }

  /** `2026-03-01 18:30:05.041`, for what follows in quick succession. */
  exact(iso: string | null | undefined): string {
    return this.#wall(iso, 'yyyy-mm-dd hh:mm:ss.mmm'.length);
  }

  /** `2026-03-01 18:30 (Europe/Berlin)`: for the first time in a sentence. */
  withZone(iso: string | null | undefined): string {
    const time = this.minute(iso);
    return time === '' ? '' : `${time} (${this.zone})`;
  }

  /**
   * The instant of a time as it is typed: on the wall at home where it has no zone of its own
   * (`2026-03-01`, `2026-03-01 18:30`), else as it says. Undefined for what is no time.
   */
  instant(text: string): string | undefined {
    const hasZone = /[Tt ]\d{2}:\d{2}.*(?:[zZ]|[+-]\d{2}:?\d{2})$/.test(text);
    const isTime = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}.*)?$/.test(text);
    const time = text.replace(' ', 'T');
    const timeMs = isTime
      ? Date.parse(hasZone || !/T/i.test(time) ? time : `${time}Z`)
      : Number.NaN;
    if (Number.isNaN(timeMs)) return undefined;
    const instantMs = hasZone ? timeMs : this.#zone.instantOf(timeMs * 1000) / 1000;
    return new Date(instantMs).toISOString();
  }

  /** Text with times in it, and below it the zone that they are of. */
  below(text: string): string {
    return `${text}\n\nTimes: ${this.zone}`;
  }

  #wall(iso: string | null | undefined, length: number): string {
    const timeMs = Date.parse(iso ?? '');
    if (Number.isNaN(timeMs)) return '';
    const wall = new Date(timeMs + this.#zone.offsetAt(timeMs * 1000) / 1000);
    return wall.toISOString().replace('T', ' ').slice(0, length);
  }
}

/**
 * The time zone of the home, as the settings of the data directory have it; the machine's own where
 * they cannot be read, for a look at a hub does not fail because of them.
 */
export function homeTime(at: Invocation): HomeTime {
  return new HomeTime(zoneOf(at));
}

function zoneOf(at: Invocation): string {
  try {
    return at.config()['home.time_zone'];
  } catch {
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  }
}
