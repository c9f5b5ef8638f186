import { sentence } from '../problem.ts';
import {
  accessWords,
  curlOf,
  type Endpoint,
  type OpenApiDocument,
  type Operation,
  typeWords,
} from './openapi.ts';
import { SchemaTable } from './schema-table.tsx';

/** One endpoint, folded: what it is for, who may call it, what goes in and what comes out. */
export function EndpointCard(props: { endpoint: Endpoint; document: OpenApiDocument }) {
  const { endpoint, document } = props;
  const { operation } = endpoint;
  return (
    <details class="endpoint" id={endpoint.anchor}>
      <summary>
        <span class={`method method-${endpoint.method.toLowerCase()}`}>{endpoint.method}</span>
        <code class="path">{endpoint.path}</code>
        <span class="quiet">{operation.summary}</span>
      </summary>
      <div class="endpoint-body">
        {operation.description && <p>{operation.description}</p>}
        <p>
          <strong>Who may:</strong> {sentence(accessWords(operation['x-access']))}
        </p>
        <Parameters operation={operation} />
        <Body operation={operation} document={document} />
        <Answers operation={operation} document={document} />
        <h3>On a command line</h3>
        <pre class="curl">
          <code>{curlOf(endpoint, document, location.origin)}</code>
        </pre>
      </div>
    </details>
  );
}

function Parameters({ operation }: { operation: Operation }) {
  const parameters = operation.parameters ?? [];
  if (parameters.length === 0) return null;
  return (
    <>
      <h3>Parameters</h3>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">In</th>
              <th scope="col">Type</th>
              <th scope="col">Meaning</th>
            </tr>
          </thead>
          <tbody>
            {parameters.map((parameter) => (
              <tr key={`${parameter.in} ${parameter.name}`}>
                <th scope="row">
                  <code>{parameter.name}</code>
                  {parameter.required ? '' : ' (optional)'}
                </th>
                <td>{parameter.in}</td>
                <td>{typeWords(parameter.schema)}</td>
                <td>{parameter.description ?? parameter.schema?.description ?? ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Body({ operation, document }: { operation: Operation; document: OpenApiDocument }) {
  const contents = Object.entries(operation.requestBody?.content ?? {});
  return contents.map(
    ([type, { schema }]) =>
      schema && (
        <div key={type}>
          <h3>Body, {type}</h3>
          <SchemaTable schema={schema} document={document} />
        </div>
      ),
  );
}

function Answers({ operation, document }: { operation: Operation; document: OpenApiDocument }) {
  return Object.entries(operation.responses ?? {}).map(([status, response]) => {
    const schema = Object.values(response.content ?? {})[0]?.schema;
    return (
      <div key={status}>
        <h3>
          Answer {status}
          {response.description ? `: ${response.description}` : ''}
        </h3>
        {schema && <SchemaTable schema={schema} document={document} />}
      </div>
    );
  });
}
