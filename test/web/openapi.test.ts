import { describe, expect, it } from 'vitest';
import {
  accessWords,
  curlOf,
  exampleOf,
  groupEndpoints,
  type OpenApiDocument,
  type Schema,
  schemaLines,
  typeWords,
} from '../../web/src/docs/openapi.ts';

const document: OpenApiDocument = {
  paths: {
    '/health': { get: { tags: ['health'], 'x-access': 'public' } },
    '/api/v1/devices': {
      get: { tags: ['devices'], 'x-access': 'devices.read' },
      post: {
        tags: ['devices'],
        'x-access': 'devices.write',
        requestBody: {
          content: { 'application/json': { schema: { $ref: '#/components/schemas/NewDevice' } } },
        },
      },
    },
    '/api/v1/devices/{id}/telemetry': {
      get: {
        tags: ['telemetry'],
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'string', example: 'plug' } },
          { name: 'start', in: 'query', required: true, schema: { type: 'string' } },
          { name: 'limit', in: 'query', schema: { type: 'integer' } },
        ],
      },
    },
    '/api/v1/devices/telemetry': { post: { 'x-access': 'device' } },
  },
  components: {
    schemas: {
      NewDevice: {
        type: 'object',
        required: ['id'],
        properties: {
          id: { type: 'string', example: "ada's-plug" },
          room: { type: ['string', 'null'], description: 'A room.' },
          tags: {
            type: 'array',
            items: { type: 'object', properties: { word: { type: 'string' } } },
          },
        },
      },
      Loop: { type: 'object', properties: { inner: { $ref: '#/components/schemas/Loop' } } },
    },
  },
};

const endpoint = (method: string, path: string) => {
  const all = groupEndpoints(document).flatMap((group) => group.endpoints);
  const found = all.find((one) => one.method === method && one.path === path);
  if (!found) throw new Error(`${method} ${path} is not there`);
  return found;
};

it('groups endpoints by tag, each with a place to link to', () => {
  expect(
    groupEndpoints(document).map(({ name, endpoints }) => [
      name,
      endpoints.map(({ method, anchor }) => `${method} ${anchor}`),
    ]),
  ).toEqual([
    ['health', ['GET get-health']],
    ['devices', ['GET get-api-v1-devices', 'POST post-api-v1-devices']],
    ['telemetry', ['GET get-api-v1-devices-id-telemetry']],
    ['other', ['POST post-api-v1-devices-telemetry']],
  ]);
});

describe('a type in words', () => {
  it.each<[Schema | undefined, string]>([
    [undefined, 'anything'],
    [{}, 'anything'],
    [{ type: 'string', format: 'date-time' }, 'string (date-time)'],
    [{ type: ['string', 'null'], format: 'date-time' }, 'string (date-time) or null'],
    [{ enum: ['online', 'offline'] }, 'online or offline'],
    [{ const: 'ok' }, '"ok"'],
    [{ type: 'array', items: { $ref: '#/components/schemas/Device' } }, 'list of Device'],
    [{ anyOf: [{ type: 'number' }, { type: 'boolean' }] }, 'number or boolean'],
  ])('%j is %s', (schema, words) => {
    expect(typeWords(schema)).toBe(words);
  });
});

describe('the lines of a schema', () => {
  it('lists properties, those inside lists beneath their own', () => {
    expect(schemaLines({ $ref: '#/components/schemas/NewDevice' }, document)).toEqual([
      { name: 'id', type: 'string', required: true, description: '', depth: 0 },
      { name: 'room', type: 'string or null', required: false, description: 'A room.', depth: 0 },
      { name: 'tags', type: 'list of object', required: false, description: '', depth: 0 },
      { name: 'word', type: 'string', required: false, description: '', depth: 1 },
    ]);
  });

  it('comes to an end where a schema holds itself', () => {
    const loop = { $ref: '#/components/schemas/Loop' };
    expect(schemaLines(loop, document)).toHaveLength(1);
    expect(exampleOf(loop, document)).toEqual({});
  });

  it('says nothing of a schema that is not in the document', () => {
    expect(schemaLines({ $ref: '#/components/schemas/Missing' }, document)).toEqual([]);
  });
});

describe('the same on a command line', () => {
  const origin = 'https://hub:8443';

  it('asks a stranger for nothing', () => {
    expect(curlOf(endpoint('GET', '/health'), document, origin)).toBe(
      "curl --cacert ca.crt \\\n  'https://hub:8443/health'",
    );
  });

  it('fills path and query', () => {
    expect(curlOf(endpoint('GET', '/api/v1/devices/{id}/telemetry'), document, origin)).toContain(
      "'https://hub:8443/api/v1/devices/plug/telemetry?start=<start>'",
    );
  });

  it('sends a body with what is required, safe inside quotes', () => {
    const line = curlOf(endpoint('POST', '/api/v1/devices'), document, origin);
    expect(line).toContain('-X POST');
    expect(line).toContain('Authorization: Bearer');
    expect(line).toContain(`-d '{"id":"ada'\\''s-plug"}'`);
  });

  it('shows the key of a device where a device calls', () => {
    expect(curlOf(endpoint('POST', '/api/v1/devices/telemetry'), document, origin)).toContain(
      'X-API-Key',
    );
  });
});

it.each([
  ['public', 'Open to everyone on the network'],
  ['device', 'A device, with its own key'],
  ['devices.read', 'Signed in, with the right to devices.read'],
  [undefined, 'Signed in'],
])('says who may call: %s', (access, words) => {
  expect(accessWords(access)).toBe(words);
});
