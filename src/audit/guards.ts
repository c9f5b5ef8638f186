const refuse = "BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END";

/**
 * The triggers that keep rows as they were written, as migration 20 made them. Who has the file can
 * take them away; each start puts back what is missing.
 */
export const guards: ReadonlyMap<string, string> = new Map(
  Object.entries({
    audit_is_not_changed: 'BEFORE UPDATE ON audit',
    audit_is_not_removed: `BEFORE DELETE ON audit
      WHEN OLD.seq > coalesce((SELECT seq FROM audit_checkpoint), 0)`,
    audit_is_not_replaced: `BEFORE INSERT ON audit
      WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq)`,
    audit_head_stays: 'BEFORE DELETE ON audit_head',
    audit_head_goes_on: 'BEFORE UPDATE ON audit_head WHEN NEW.seq < OLD.seq',
    audit_checkpoint_stays: 'BEFORE DELETE ON audit_checkpoint',
    audit_checkpoint_goes_on: 'BEFORE UPDATE ON audit_checkpoint WHEN NEW.seq < OLD.seq',
  }).map(([name, when]) => [name, `CREATE TRIGGER ${name} ${when} ${refuse}`]),
);

/** Whether a trigger says what it should, however it is laid out. */
export const saysTheSame = (one: string, other: string): boolean => plain(one) === plain(other);

const plain = (sql: string): string => sql.replaceAll(/\s+/g, ' ').trim();
