import { useState } from 'preact/hooks';
import { useAction, useLoad } from '../hooks.ts';
import { AddTabs } from '../parts/add-tabs.tsx';
import { BackHome } from '../parts/back-link.tsx';
import { CodeBlock } from '../parts/code-block.tsx';
import { Field } from '../parts/field.tsx';
import { FieldFrame } from '../parts/field-frame.tsx';
import { Form } from '../parts/form.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { Removable } from '../parts/removable.tsx';
import { Problem } from '../problem.ts';
import { dayAndYear } from '../time.ts';
import { trust } from '../trust-api.ts';
import type { Batch } from '../trust-wire.ts';

/** Devices whose keys are known before they come: those of a production batch. */
export function KnownKeysPage() {
  const [batches, reload] = useLoad(trust.batches, 'batches');
  return (
    <>
      <PageHead title="Add a device" above={<BackHome />} />
      <AddTabs here="known-keys" />
      <div class="page-column">
        {batches.state === 'failed' && <ProblemNote problem={batches.problem} />}
        {batches.state === 'loaded' && batches.value.length > 0 && (
          <section class="card" aria-labelledby="batches">
            <h2 id="batches">Lists of keys</h2>
            <ul class="rows">
              {batches.value.map((batch) => (
                <BatchRow key={batch.id} batch={batch} onChange={reload} />
              ))}
            </ul>
          </section>
        )}
        <ImportForm onAdded={reload} />
      </div>
    </>
  );
}

function BatchRow({ batch, onChange }: { batch: Batch; onChange: () => void }) {
  const devices = batch.devices === 1 ? '1 device' : `${batch.devices} devices`;
  return (
    <li class="row">
      <p>
        <strong>{batch.name}</strong>
      </p>
      <p class="quiet">
        {devices}, {batch.claimed} of them joined. Added {dayAndYear(Date.parse(batch.added_at))}.
      </p>
      <Removable
        verb="Forget"
        name={batch.name}
        question="Forget these keys? Devices that have joined stay; the others cannot join any more."
        yes="Yes, forget them"
        onRemove={async () => {
          await trust.removeBatch(batch.id);
          onChange();
        }}
      />
    </li>
  );
}

function ImportForm({ onAdded }: { onAdded: () => void }) {
  const [name, setName] = useState('');
  const [file, setFile] = useState<File>();
  const [added, setAdded] = useState<Batch>();
  // Renewed after each list, which empties the choice of the file.
  const [round, setRound] = useState(0);
  const add = useAction(async () => {
    setAdded(undefined);
    if (!file) throw new Problem(0, 'missing', 'Choose a file first.', { field: 'file' });
    setAdded(await trust.addBatch(name.trim(), await file.text()));
    setName('');
    setFile(undefined);
    setRound((before) => before + 1);
    onAdded();
  });
  return (
    <Form action={add} fields={['name', 'file']} submit="Take in the list" busy="Reading…" isCard>
      <h2>Take in a list of keys</h2>
      <p>
        For devices with a key in a chip of their own, such as an ATECC608A. Only the device that
        holds the key may come in under its id, and it needs no code.
      </p>
      <p role="status" class={added ? 'note note-good' : undefined}>
        {added && `“${added.name}” is in: ${added.devices} may join.`}
      </p>
      <Field
        label="Name of the list"
        name="name"
        value={name}
        onValue={setName}
        problem={add.problem}
        help="Such as “Batch 7, May”."
        input={{ maxLength: 100, autocomplete: 'off' }}
      />
      <FieldFrame
        label="CSV file"
        name="file"
        problem={add.problem}
        help="Its lines look like this:"
      >
        {(links) => (
          <input
            key={round}
            {...links}
            type="file"
            accept=".csv,text/csv"
            required
            onChange={(event) => setFile(event.currentTarget.files?.[0])}
          />
        )}
      </FieldFrame>
      <CodeBlock
        label="an example of such a file"
        text={'id,public_key,type,name\nkitchen-plug,MFkwEwYHKoZIzj0CAQ…,plug,Kitchen plug'}
      />
    </Form>
  );
}
