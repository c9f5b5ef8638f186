/** The part of an OpenAPI 3.1 document that the API page reads. */
export interface OpenApiDocument {
  readonly info?: {
    readonly title?: string;
    readonly version?: string;
    readonly description?: string;
  };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

export interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content?: Content };
  readonly responses?: Readonly<Record<string, Response>>;
  readonly 'x-access'?: string;
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

interface Response {
  readonly description?: string;
  readonly content?: Content;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** One thing that can be asked of the hub. */
export interface Endpoint {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  /** For links: `get-api-v1-devices-id`. */
  readonly anchor: string;
}

export interface EndpointGroup {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
}

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** The endpoints by their first tag, in the order of the document. */
export function groupEndpoints(document: OpenApiDocument): EndpointGroup[] {
  const groups = new Map<string, Endpoint[]>();
  for (const [path, operations] of Object.entries(document.paths ?? {})) {
    for (const method of methods) {
      const operation = operations[method];
      if (!operation) continue;
      const name = operation.tags?.[0] ?? 'other';
      const anchor = `${method}${path}`.replaceAll(/[^A-Za-z0-9]+/g, '-').replace(/-$/, '');
      const endpoint = { method: method.toUpperCase(), path, operation, anchor };
      groups.set(name, [...(groups.get(name) ?? []), endpoint]);
    }
  }
  return [...groups].map(([name, endpoints]) => ({ name, endpoints }));
}

/** Follows `#/components/schemas/…`; what leads nowhere is an empty schema. */
export function resolve(schema: Schema, document: OpenApiDocument): Schema {
  const name = schema.$ref?.replace('#/components/schemas/', '');
  if (name === undefined) return schema;
  const found = document.components?.schemas?.[name];
  return found && found.$ref === undefined ? found : {};
}

/** A type in a few words: `string (date-time)`, `list of Device`, `online or offline`. */
export function typeWords(schema: Schema | undefined): string {
  if (!schema) return 'anything';
  if (schema.$ref) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  if (schema.enum) return schema.enum.map(String).join(' or ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeWords).join(' or ');
  if (schema.allOf) return schema.allOf.map(typeWords).join(' and ');
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  if (types.length === 0) return schema.properties ? 'object' : 'anything';
  return types
    .map((type) => {
      if (type === 'array') return `list of ${typeWords(schema.items)}`;
      return schema.format && type !== 'null' ? `${type} (${schema.format})` : type;
    })
    .join(' or ');
}

/** A line of a schema's table: `depth` says how far inside other properties it stands. */
export interface SchemaLine {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
  readonly depth: number;
}

const deepest = 4;

/** The properties of a schema, those of nested objects and lists beneath their own. */
export function schemaLines(schema: Schema, document: OpenApiDocument, depth = 0): SchemaLine[] {
  const whole = resolve(schema, document);
  const parts = whole.allOf ?? [];
  const inner = parts.flatMap((part) => schemaLines(part, document, depth));
  for (const [name, property] of Object.entries(whole.properties ?? {})) {
    inner.push({
      name,
      type: typeWords(property),
      required: whole.required?.includes(name) ?? false,
      description: property.description ?? '',
      depth,
    });
    if (depth < deepest) inner.push(...schemaLines(insideOf(property), document, depth + 1));
  }
  const choices = whole.anyOf ?? whole.oneOf ?? [];
  if (whole.items && depth < deepest)
    return [...inner, ...schemaLines(whole.items, document, depth)];
  return [...inner, ...choices.flatMap((choice) => schemaLines(choice, document, depth))];
}

/** A list shows what its entries hold; a named schema is shown once, where it is defined. */
function insideOf(property: Schema): Schema {
  const inside = property.items ?? property;
  return inside.$ref ? {} : inside;
}

/** A body that fits the schema, for the example. */
export function exampleOf(schema: Schema, document: OpenApiDocument, depth = 0): unknown {
  const whole = resolve(schema, document);
  const given =
    whole.example ?? whole.examples?.[0] ?? whole.default ?? whole.const ?? whole.enum?.[0];
  if (given !== undefined) return given;
  const choice = whole.anyOf?.[0] ?? whole.oneOf?.[0];
  if (choice) return exampleOf(choice, document, depth + 1);
  const type = typeof whole.type === 'string' ? whole.type : whole.type?.[0];
  if (whole.properties || type === 'object') {
    if (depth > deepest) return {};
    const wanted = Object.entries(whole.properties ?? {}).filter(
      ([name, property]) => whole.required?.includes(name) || property.example !== undefined,
    );
    return Object.fromEntries(
      wanted.map(([name, property]) => [name, exampleOf(property, document, depth + 1)]),
    );
  }
  if (type === 'array') return [exampleOf(whole.items ?? {}, document, depth + 1)];
  if (type === 'integer' || type === 'number') return 1;
  if (type === 'boolean') return true;
  return type === 'string' ? 'text' : null;
}

/** Who may call it, in words. `access` is the document's `x-access`. */
export function accessWords(access: string | undefined): string {
  if (access === 'public') return 'Open to everyone on the network';
  if (access === 'device') return 'A device, with its own key';
  return access === undefined ? 'Signed in' : `Signed in, with the right to ${access}`;
}

/** The same request on a command line. */
export function curlOf(endpoint: Endpoint, document: OpenApiDocument, origin: string): string {
  const { method, operation } = endpoint;
  const lines = [`curl --cacert ca.crt${method === 'GET' ? '' : ` -X ${method}`}`];
  const access = operation['x-access'];
  if (access === 'device') lines.push(`-H 'X-API-Key: <key of the device>'`);
  else if (access !== 'public') lines.push(`-H 'Authorization: Bearer <token>'`);
  const schema = operation.requestBody?.content?.['application/json']?.schema;
  if (schema) {
    lines.push(`-H 'Content-Type: application/json'`);
    const body = JSON.stringify(exampleOf(schema, document));
    lines.push(`-d '${body.replaceAll("'", "'\\''")}'`);
  }
  lines.push(`'${origin}${filledPath(endpoint, document)}'`);
  return lines.join(' \\\n  ');
}

/** The path with examples in place of its parameters, and the query it cannot do without. */
function filledPath(endpoint: Endpoint, document: OpenApiDocument): string {
  const parameters = endpoint.operation.parameters ?? [];
  const example = (parameter: Parameter) => {
    const value = exampleOf(parameter.schema ?? {}, document);
    return value === 'text' || value === null ? `<${parameter.name}>` : String(value);
  };
  const path = endpoint.path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
    const parameter = parameters.find((candidate) => candidate.name === name);
    return parameter ? example(parameter) : `<${name}>`;
  });
  const query = parameters
    .filter((parameter) => parameter.in === 'query' && parameter.required)
    .map((parameter) => `${parameter.name}=${example(parameter)}`);
  return query.length > 0 ? `${path}?${query.join('&')}` : path;
}
