import type { Migration } from '../migrate.ts';

/** How long what is kept, where it is not as the settings say. */
export const retention: Migration = {
  id: 22,
  name: 'retention',
  sql: `
    CREATE TABLE retention_rules (
      id TEXT PRIMARY KEY,
      -- One of the two: a rule is about a device, or about all of a type.
      device_id TEXT,
      type TEXT,
      -- NULL: every metric.
      metric TEXT,
      -- Days; NULL where the rule leaves it to a wider one.
      raw_days INTEGER,
      minute_days INTEGER,
      hour_days INTEGER,
      day_days INTEGER,
      CHECK ((device_id IS NULL) <> (type IS NULL))
    ) STRICT;
    CREATE UNIQUE INDEX retention_rules_target
      ON retention_rules (coalesce(device_id, ''), coalesce(type, ''), coalesce(metric, ''));

    -- What comes with Hearth, for the owner to change: the air of a home is looked at over a season.
    INSERT INTO retention_rules (id, type, raw_days) VALUES ('purifier', 'purifier', 90);
  `,
};
