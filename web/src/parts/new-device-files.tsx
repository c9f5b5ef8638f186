import { useEffect, useMemo } from 'preact/hooks';
import type { IssuedCertificate } from '../api.ts';
import { linkTo } from '../route.ts';
import { CodeBlock } from './code-block.tsx';
import { Warning } from './warning.tsx';

/** All that a new device needs to connect. */
export interface NewDeviceKit extends IssuedCertificate {
  readonly id: string;
  readonly name: string;
  readonly apiKey: string;
}

/** The files of a new device, offered once. */
export function NewDeviceFiles({ kit }: { kit: NewDeviceKit }) {
  return (
    <section class="card kit" aria-labelledby="kit">
      <h2 id="kit">Put these three files on the device</h2>
      <Warning>The key and the API key are shown only now. The hub keeps no copy of them.</Warning>
      <ul class="downloads">
        <FileLink name="ca.crt" text={kit.ca} says="how the device knows your hub" />
        <FileLink name="device.crt" text={kit.certificate} says="how the hub knows the device" />
        {kit.key !== undefined && (
          <FileLink name="device.key" text={kit.key} says="its secret: never share it" />
        )}
      </ul>
      <h3>Send a first reading</h3>
      <CodeBlock
        label="the line that sends a reading"
        text={`mosquitto_pub -h ${location.hostname} -p ${kit.mqtts_port ?? 8883} --cafile ca.crt --cert device.crt --key device.key -q 1 -t devices/${kit.id}/telemetry -m '{"power": 42}'`}
      />
      <h3>API key</h3>
      <p>For a device that reports over HTTPS instead: send it as X-API-Key.</p>
      <CodeBlock label="the API key" text={kit.apiKey} />
      <p>
        <a class="button button-main" href={linkTo({ page: 'device', id: kit.id })}>
          Go to {kit.name}
        </a>
      </p>
    </section>
  );
}

function FileLink({ name, text, says }: { name: string; text: string; says: string }) {
  const url = useMemo(
    () => URL.createObjectURL(new Blob([text], { type: 'application/x-pem-file' })),
    [text],
  );
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  return (
    <li>
      <a class="button" href={url} download={name}>
        Download {name}
      </a>
      <span class="quiet">{says}</span>
    </li>
  );
}
