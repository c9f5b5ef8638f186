/**
 * Whether 32 bytes are a public key of Ed25519 (RFC 8032 §5.1.3) that means something. OpenSSL takes
 * any 32 bytes, and eight points of the curve are of so low an order that anyone can make signatures
 * that fit them. Run once, when a key is registered.
 */

const p = 2n ** 255n - 19n;
const d = modulo(-121665n * inverse(121666n));

/** Why `raw` is no key; `undefined` when it is one. */
export function ed25519Problem(raw: Uint8Array): string | undefined {
  let y = 0n;
  for (const byte of raw.toReversed()) y = (y << 8n) | BigInt(byte);
  // The top bit is the sign of x.
  y &= 2n ** 255n - 1n;
  if (y >= p || !isSquare(xSquared(y))) return 'is not a point on the curve';
  // Three doublings are a multiplication by eight, the cofactor; (0, 1) is the neutral point.
  if (doubled(doubled(doubled(y))) === 1n) return 'is a point of low order, which proves nothing';
  return undefined;
}

/** From the curve's equation, -x² + y² = 1 + d·x²·y². */
const xSquared = (y: bigint): bigint => modulo((y * y - 1n) * inverse(d * y * y + 1n));

/** The y of twice a point; that of its x is not needed. */
function doubled(y: bigint): bigint {
  const [xx, yy] = [xSquared(y), y * y];
  return modulo((yy + xx) * inverse(2n + xx - yy));
}

/** Euler's criterion; 0 is a square too. */
const isSquare = (value: bigint): boolean => power(value, (p - 1n) / 2n) <= 1n;

function inverse(value: bigint): bigint {
  return power(modulo(value), p - 2n);
}

function modulo(value: bigint): bigint {
  const rest = value % p;
  return rest < 0n ? rest + p : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}
