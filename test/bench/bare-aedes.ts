/** The peer: Aedes as it comes, in memory, with nothing behind it. Prints its port. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';

const [, , certificateFile, keyFile, authorityFile] = process.argv;
const broker = await Aedes.createBroker();
const server =
  certificateFile && keyFile && authorityFile
    ? createTlsServer(
        {
          cert: readFileSync(certificateFile),
          key: readFileSync(keyFile),
          ca: readFileSync(authorityFile),
          requestCert: true,
          rejectUnauthorized: true,
          minVersion: 'TLSv1.3',
        },
        broker.handle,
      )
    : createServer({ noDelay: true }, broker.handle);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
