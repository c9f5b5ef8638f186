import { useMemo } from 'preact/hooks';
import { useLoad } from '../hooks.ts';
import { Logo } from '../parts/logo.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { problemOf, unreachable } from '../problem.ts';
import { EndpointCard } from './endpoint-card.tsx';
import { groupEndpoints, type OpenApiDocument } from './openapi.ts';
import { SchemaTable } from './schema-table.tsx';

async function loadDocument(): Promise<OpenApiDocument> {
  const response = await fetch('/openapi.json').catch(() => {
    throw unreachable();
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw problemOf(response.status, body);
  return body as OpenApiDocument;
}

/** An id has no spaces: those who refer to it would take it for two. */
const anchorOf = (group: string): string => `group-${group.replaceAll(' ', '-')}`;

/** Everything the hub can be asked, drawn from its own OpenAPI document. */
export function DocsPage() {
  const [loaded] = useLoad(loadDocument, 'openapi');
  return (
    <div class="docs">
      <header class="topbar">
        <a class="brand" href="/">
          <Logo size={30} />
          <span>Hearth</span>
        </a>
        <a href="/openapi.json">openapi.json</a>
      </header>
      <main id="main">
        <h1>API</h1>
        {loaded.state === 'loading' && <p class="quiet">Reading the document…</p>}
        {loaded.state === 'failed' && <ProblemNote problem={loaded.problem} />}
        {loaded.state === 'failed' && loaded.problem.status === 401 && (
          <p>
            <a class="button button-main" href="/">
              Sign in
            </a>
          </p>
        )}
        {loaded.state === 'loaded' && <Contents document={loaded.value} />}
      </main>
    </div>
  );
}

function Contents({ document }: { document: OpenApiDocument }) {
  const groups = useMemo(() => groupEndpoints(document), [document]);
  const schemas = Object.entries(document.components?.schemas ?? {});
  return (
    <>
      <p class="lead">
        {document.info?.title ?? 'Hearth'} {document.info?.version}. Errors are
        application/problem+json with a code and a hint. Make a token with{' '}
        <code>bin/hearth token create --name me --role member</code>; the certificate of the hub is
        at <a href="/ca.crt">/ca.crt</a>.
      </p>
      <nav class="docs-nav" aria-label="Groups">
        {groups.map((group) => (
          <a key={group.name} href={`#${anchorOf(group.name)}`}>
            {group.name}
          </a>
        ))}
        {schemas.length > 0 && <a href="#schemas">schemas</a>}
      </nav>
      {groups.map((group) => (
        <section key={group.name} aria-labelledby={anchorOf(group.name)}>
          <h2 id={anchorOf(group.name)}>{group.name}</h2>
          <div class="endpoints">
            {group.endpoints.map((endpoint) => (
              <EndpointCard key={endpoint.anchor} endpoint={endpoint} document={document} />
            ))}
          </div>
        </section>
      ))}
      {schemas.length > 0 && (
        <section aria-labelledby="schemas">
          <h2 id="schemas">schemas</h2>
          <div class="endpoints">
            {schemas.map(([name, schema]) => (
              <details key={name} class="endpoint">
                <summary>
                  <code>{name}</code>
                </summary>
                <div class="endpoint-body">
                  <SchemaTable schema={schema} document={document} />
                </div>
              </details>
            ))}
          </div>
        </section>
      )}
    </>
  );
}
