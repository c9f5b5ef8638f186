import { z } from '@hono/zod-openapi';
import { html } from 'hono/html';
import { type Api, route } from '#auth';

/** Plain pages that the hub itself writes: no script, one small style sheet, nothing from outside. */

export interface TrustAnchor {
  readonly caPem: string;
  /** SHA-256, `AB:CD:…`. */
  readonly caFingerprint: string;
}

const style = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
code { overflow-wrap: anywhere; font-size: 0.95em }
.button { display: inline-block; padding: 0.5rem 1rem; border: 1px solid; border-radius: 0.5rem }
`;

const page = (title: string, body: unknown, refreshSeconds?: number) => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${refreshSeconds === undefined ? '' : html`<meta http-equiv="refresh" content="${refreshSeconds}">`}
<title>${title}</title>
<link rel="stylesheet" href="/plain.css">
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>`;

/** Stands in for the dashboard on the first start, and looks again by itself. */
export const buildingPage = () =>
  page(
    'Hearth is getting ready',
    html`<p>The dashboard is being built. This page shows it as soon as it is there.</p>`,
    2,
  );

const trustPage = ({ caFingerprint }: TrustAnchor) =>
  page(
    'Trust this home',
    html`<p>Your hub proves who it is with a certificate of its own authority. Install that once on
each phone and computer, and the warning goes away for good.</p>
<p><a class="button" href="/ca.crt">Download ca.crt</a></p>
<p>Before you trust it, compare its SHA-256 fingerprint with the one the hub printed when it started:</p>
<p><code>${caFingerprint}</code></p>
<h2>Android</h2>
<p>Settings → Security → More security settings → Encryption &amp; credentials → Install a
certificate → CA certificate → Install anyway, then choose the file.</p>
<h2>iPhone and iPad</h2>
<p>Open this page in Safari and allow the download. Settings → Profile Downloaded → Install. Then
Settings → General → About → Certificate Trust Settings, and switch it on.</p>
<h2>macOS</h2>
<p>Open the file: Keychain Access adds it. Double-click it there → Trust → Always Trust.</p>
<h2>Windows</h2>
<p>Open the file → Install Certificate → Current User → Place all certificates in the following
store → Trusted Root Certification Authorities.</p>
<h2>Linux</h2>
<p>Debian, Ubuntu, Raspberry Pi OS: <code>sudo cp ca.crt /usr/local/share/ca-certificates/hearth.crt
&amp;&amp; sudo update-ca-certificates</code>. Fedora: <code>sudo trust anchor ca.crt</code>. Chrome
and Chromium keep a list of their own: Settings → Privacy and security → Security → Manage
certificates → Authorities → Import.</p>
<h2>Firefox</h2>
<p>Settings → Privacy &amp; Security → View Certificates → Authorities → Import, and tick “Trust this
CA to identify websites”.</p>`,
  );

const text = (type: string, description: string) => ({
  200: { description, content: { [type]: { schema: z.string() } } },
});

/** What a device or browser needs before it can trust the hub; served in the clear too. */
export function trustRoutes(api: Api, anchor: () => TrustAnchor): void {
  api.openapi(
    route('public', {
      method: 'get',
      path: '/ca.crt',
      tags: ['trust'],
      summary: 'The certificate of this home’s authority, PEM',
      responses: text('application/x-x509-ca-cert', 'The certificate'),
    }),
    (context) =>
      context.body(anchor().caPem, 200, {
        'content-type': 'application/x-x509-ca-cert',
        'content-disposition': 'attachment; filename="ca.crt"',
      }),
  );
  api.openapi(
    route('public', {
      method: 'get',
      path: '/trust',
      tags: ['trust'],
      summary: 'How to trust it on each system, as a page',
      responses: text('text/html', 'The page'),
    }),
    (context) => context.html(trustPage(anchor())),
  );
  api.openapi(
    route('public', {
      method: 'get',
      path: '/plain.css',
      tags: ['trust'],
      summary: 'The style of the plain pages',
      responses: text('text/css', 'The style'),
    }),
    (context) => context.body(style, 200, { 'content-type': 'text/css' }),
  );
}
