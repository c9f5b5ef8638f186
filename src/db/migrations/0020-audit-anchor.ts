import type { Migration } from '../migrate.ts';

export const auditAnchor: Migration = {
  id: 20,
  name: 'audit anchor',
  sql: `
    -- Where the chain of the audit ends, under a key that is not in this database.
    CREATE TABLE audit_head (
      only INTEGER PRIMARY KEY CHECK (only = 1),
      seq INTEGER NOT NULL,
      hash TEXT NOT NULL,
      mac TEXT NOT NULL
    ) STRICT;
    -- Where it begins since rows that were old enough were removed: the last of them.
    CREATE TABLE audit_checkpoint (
      only INTEGER PRIMARY KEY CHECK (only = 1),
      seq INTEGER NOT NULL,
      hash TEXT NOT NULL,
      mac TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_actor ON audit (actor, seq);

    -- The hub itself cannot change what is written, whatever mistake is in it.
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END;
    CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
    WHEN OLD.seq > coalesce((SELECT seq FROM audit_checkpoint), 0)
    BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END;
    -- INSERT OR REPLACE removes a row without asking the trigger above.
    CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq)
    BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END;
    CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head
    BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END;
    CREATE TRIGGER audit_head_goes_on BEFORE UPDATE ON audit_head WHEN NEW.seq < OLD.seq
    BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END;
    CREATE TRIGGER audit_checkpoint_stays BEFORE DELETE ON audit_checkpoint
    BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END;
    CREATE TRIGGER audit_checkpoint_goes_on BEFORE UPDATE ON audit_checkpoint
    WHEN NEW.seq < OLD.seq
    BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END;
  `,
};
