import { type OpenApiDocument, type Schema, schemaLines, typeWords } from './openapi.ts';

/** What a JSON body holds, a property a row; what is inside another stands further in. */
export function SchemaTable(props: { schema: Schema; document: OpenApiDocument }) {
  const lines = schemaLines(props.schema, props.document);
  if (lines.length === 0) return <p>{typeWords(props.schema)}</p>;
  return (
    <div class="table-scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Property</th>
            <th scope="col">Type</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line, index) => (
            <tr key={index}>
              <th scope="row">
                <span class={`depth-${line.depth}`}>
                  <code>{line.name}</code>
                  {line.required ? '' : ' (optional)'}
                </span>
              </th>
              <td>{line.type}</td>
              <td>{line.description}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
