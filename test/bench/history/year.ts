/**
 * A year of a home, the same at every run: 30 devices that send four metrics once a minute. Power
 * comes and goes as appliances do, voltage and temperature wander, the meter counts what power used.
 */

export const deviceCount = 30;
export const metrics = ['power', 'voltage', 'temperature', 'energy_total'] as const;
export const minuteMs = 60_000;
export const minutesPerDay = 1440;

export const deviceId = (device: number): string => `bench-${String(device).padStart(2, '0')}`;

export interface Minute {
  readonly power: number;
  readonly voltage: number;
  readonly temperature: number;
  readonly energy_total: number;
}

/** The minutes of one device, in order. */
export class DeviceYear {
  readonly #device: number;
  #seed: number;
  #wattHours = 0;

  constructor(device: number) {
    this.#device = device;
    this.#seed = device * 7919 + 1;
  }

  /** What the device sends at the minute `at`, counted from the beginning. */
  next(at: number): Minute {
    const hour = (at / 60) % 24;
    const isOn = (Math.floor(at / 45) + this.#device) % 5 === 0 && hour > 6;
    const power = (isOn ? 60 + this.#device * 20 : 1.5) + this.#noise(isOn ? 40 : 4) / 10;
    this.#wattHours += power / 60;
    return {
      power: Math.round(power * 10) / 10,
      voltage: Math.round(2300 + 30 * Math.sin(at / 700) + this.#noise(8)) / 10,
      temperature: Math.round(2100 + 250 * Math.sin((hour - 9) / 3.8) + this.#noise(6)) / 100,
      energy_total: Math.round(this.#wattHours) / 1000,
    };
  }

  /** From 0 to `below`, a linear congruence (Numerical Recipes' constants). */
  #noise(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * below);
  }
}

/** Every minute of every device from the first to the last, a minute after the other. */
export function* home(minutes: number): Generator<{ at: number; device: number; row: Minute }> {
  const devices = Array.from({ length: deviceCount }, (_, device) => new DeviceYear(device));
  for (let at = 0; at < minutes; at++) {
    for (const [device, year] of devices.entries()) yield { at, device, row: year.next(at) };
  }
}
