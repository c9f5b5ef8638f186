import { policy } from '../limits.ts';
import { ProtocolViolation } from './violation.ts';

/** A topic name has at least one character [MQTT-4.7.3-1] and no wildcard [MQTT-3.3.2-2]. */
export function checkTopicName(topic: string): void {
  if (topic === '') throw new ProtocolViolation('an empty topic [MQTT-4.7.3-1]');
  if (topic.includes('+') || topic.includes('#')) {
    throw new ProtocolViolation('a wildcard in a topic name [MQTT-3.3.2-2]');
  }
}

/** `#` stands alone at the end [MQTT-4.7.1-2], `+` alone in its level [MQTT-4.7.1-3]. */
export function checkFilter(filter: string): void {
  if (filter === '') throw new ProtocolViolation('an empty topic filter [MQTT-4.7.3-1]');
  const levels = filter.split('/');
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1)) {
      throw new ProtocolViolation('# is not the whole last level of a filter [MQTT-4.7.1-2]');
    }
    if (level.includes('+') && level !== '+') {
      throw new ProtocolViolation('+ is not a whole level of a filter [MQTT-4.7.1-3]');
    }
  }
  if (levels.length > policy.topicLevels) {
    throw new ProtocolViolation(`a filter of more than ${policy.topicLevels} levels`);
  }
}

/** Whether a topic has more levels than the broker can match. */
export const isTooDeep = (topic: string): boolean => topic.split('/').length > policy.topicLevels;

/** `$hearth/…` is the hub's own: no client reads or writes it, whatever its permissions. */
export const isHubOnly = (topicOrFilter: string): boolean =>
  topicOrFilter === '$hearth' || topicOrFilter.startsWith('$hearth/');

/** `$SYS/…` is written by the hub alone, §4.7.2. */
export const isReadOnly = (topic: string): boolean => topic === '$SYS' || topic.startsWith('$SYS/');

/** Whether `filter` covers `topic`, §4.7. */
export function matchesFilter(filter: string, topic: string): boolean {
  // A wildcard in the first level never covers a topic that begins with $ [MQTT-4.7.2-1].
  if (topic.startsWith('$') && (filter.startsWith('#') || filter.startsWith('+'))) return false;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (index >= levels.length) return false;
    if (level !== '+' && level !== levels[index]) return false;
  }
  return wanted.length === levels.length;
}
