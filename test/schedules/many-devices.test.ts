/** What is to happen at many devices in the same moment waits for the disk a few times, not for each. */
import { expect, it } from 'vitest';
import { type Crowd, openCrowd } from './crowd.ts';
import { asked, minuteMs } from './stage.ts';

const evening = { group_id: 'all', start: '18:00', end: '23:00', fanSpeed: 3 };
const untilEvening = 10 * 60 * minuteMs;
const handful = 15;

/** Each of them hears something once, in the order of the group. */
const toEach = (crowd: Crowd, said: string): string[] => crowd.ids.map((id) => `${id} ${said}`);

it('the edge of a schedule for a group of 200, and their answers', async () => {
  const crowd = await openCrowd(200);
  const { id } = crowd.schedules.create(evening, asked);
  crowd.clock.advance(untilEvening - minuteMs);
  expect(crowd.commitsOf(() => crowd.clock.advance(minuteMs + 1000))).toBeLessThan(handful);
  expect(crowd.heard).toEqual(toEach(crowd, 'setFanSpeed 3'));
  const [run] = crowd.schedules.history(id, 1);
  expect(run?.devices.filter(({ outcome }) => outcome === 'sent')).toHaveLength(200);
  const answers = crowd.commitsOf(() => {
    crowd.answer();
    crowd.clock.advance(1000);
  });
  expect(answers).toBeLessThan(handful);
  expect(crowd.schedules.numbers().unsettled).toBe(0);
});

it('an edge that takes the word from commands that 200 devices have not answered', async () => {
  const crowd = await openCrowd(200);
  crowd.schedules.create({ ...evening, end: '18:01' }, asked);
  crowd.clock.advance(untilEvening + 59_000);
  crowd.heard.length = 0;
  expect(crowd.commitsOf(() => crowd.clock.advance(2000))).toBeLessThan(handful);
  expect(crowd.heard).toEqual(toEach(crowd, 'turnOff null'));
});

it('200 devices that do not answer, and are told again', async () => {
  const crowd = await openCrowd(200);
  crowd.schedules.create(evening, asked);
  crowd.clock.advance(untilEvening + minuteMs);
  crowd.heard.length = 0;
  // Attempts at 18:00:00, 18:00:30 and 18:01:00, the end at 18:01:30 and five minutes more.
  expect(crowd.commitsOf(() => crowd.clock.advance(minuteMs))).toBeLessThan(handful);
  expect(crowd.schedules.numbers().unsettled).toBe(200);
  expect(crowd.commitsOf(() => crowd.clock.advance(5 * minuteMs))).toBeLessThan(2 * handful);
  expect(crowd.heard.length).toBeGreaterThanOrEqual(200);
  expect(new Set(crowd.heard)).toEqual(new Set(toEach(crowd, 'setFanSpeed 3')));
});

it('500 overrides that end in the same moment', async () => {
  const crowd = await openCrowd(500);
  for (const id of crowd.ids) {
    crowd.reported.set(id, { fanSpeed: 1, powerOn: false });
    const action = { action: 'setFanSpeed', value: 5 };
    crowd.overrides.begin(id, { action, durationMs: 10 * minuteMs, requestedBy: 'local' });
    crowd.reported.set(id, { fanSpeed: 5, powerOn: true });
  }
  crowd.answer();
  crowd.clock.advance(10 * minuteMs - 1000);
  crowd.heard.length = 0;
  expect(crowd.commitsOf(() => crowd.clock.advance(2000))).toBeLessThan(handful);
  expect(crowd.heard).toHaveLength(500);
  expect(new Set(crowd.heard)).toEqual(new Set(toEach(crowd, 'turnOff null')));
  expect(crowd.overrides.numbers()).toEqual({ active: 0 });
});
