/**
 * Who may ask, and what a browser may do with the answer. A page of another site must reach nothing here: neither by a name
 * that it points to this address (DNS rebinding: wrong `Host`), nor by a request from its own scripts (wrong `Origin`),
 * nor by a link (no token).
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { secureHeaders } from 'hono/secure-headers';

/** What a refused request is told, as JSON; the codes stand in docs/errors.md. */
export function refusal(
  context: Context,
  status: 401 | 403 | 404 | 405 | 500 | 503,
  code: string,
  message: string,
) {
  const type = { 'Content-Type': 'application/json' };
  return context.body(`${JSON.stringify({ code, message })}\n`, status, type);
}

/** Names under which the server may be asked for, as they stand in `Host` without the port. */
export interface AllowedHosts {
  /** Address that it listens on. */
  readonly address: string;
  /** Further names, of a proxy for example. */
  readonly names: readonly string[];
}

/**
 * An address in digits needs no DNS, so nobody can point another name to it: where the server listens on every address, any
 * such is right. Names are right only when they are `localhost` or the user gave them.
 */
export function isAllowedHost(host: string, { address, names }: AllowedHosts): boolean {
  const name = hostName(host);
  if (name === null) return false;
  if (names.some((allowed) => allowed.toLowerCase() === name)) return true;
  if (isWildcard(address)) return name === 'localhost' || isIP(name) !== 0;
  if (isLoopback(address)) return name === 'localhost' || isLoopback(name);
  return name === address.toLowerCase();
}

/** `localhost` of `LOCALHOST:8080`, `::1` of `[::1]:80`; null: not the form of a host. */
function hostName(host: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host);
  return match === null ? null : (match[1] ?? match[2]).toLowerCase();
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address === 'localhost' || (isIP(address) === 4 && address.startsWith('127.'));
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Refuses other names and the scripts of other sites. */
export function onlyOwnPages(hosts: AllowedHosts): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header('host') ?? '';
    if (!isAllowedHost(host, hosts)) {
      return refusal(context, 403, 'E_SERVE_HOST', 'This server is not asked for by this name (Host).');
    }
    const origin = context.req.header('origin');
    if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
      return refusal(context, 403, 'E_SERVE_ORIGIN', 'Pages of other sites may not ask here (Origin).');
    }
    await next();
  };
}

/** Nothing here changes anything, so nothing but reading is understood. */
export function onlyReads(): MiddlewareHandler {
  return async (context, next) => {
    if (context.req.method !== 'GET' && context.req.method !== 'HEAD') {
      context.header('Allow', 'GET, HEAD');
      return refusal(context, 405, 'E_SERVE_METHOD', 'Only GET and HEAD: nothing can be changed here.');
    }
    await next();
  };
}

/**
 * What the page may do: run its own files and workers, ask this server, and nothing else. The page says the same of itself, but
 * for `frame-ancestors`, which only a header can say.
 */
export const pagePolicy =
  "default-src 'none'; script-src 'self' blob:; worker-src 'self' blob:; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * A worker has the policy that its own script came with: it runs files of the page and WebAssembly, which unpacks zstd and lies in its
 * own text as data. It asks nobody for anything.
 */
export const scriptPolicy =
  "default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src data:; base-uri 'none'; frame-ancestors 'none'";

/** The page runs its own files and nothing else, is framed by nobody, and is kept by no cache. */
export function strictHeaders(): MiddlewareHandler {
  const secure = secureHeaders({
    crossOriginResourcePolicy: 'same-origin',
    crossOriginOpenerPolicy: 'same-origin',
    referrerPolicy: 'no-referrer',
    strictTransportSecurity: false,
    xFrameOptions: 'DENY',
  });
  return async (context, next) => {
    context.header('Cache-Control', 'no-store');
    await secure(context, next);
    const isScript = context.res.headers.get('Content-Type')?.startsWith('text/javascript') === true;
    context.res.headers.set('Content-Security-Policy', isScript ? scriptPolicy : pagePolicy);
  };
}

/** A secret of this run of the server: who has it may see what the host says of itself. */
export class Token {
  readonly text: string;
  private readonly digest: Buffer;

  constructor(text: string = randomBytes(24).toString('base64url')) {
    this.text = text;
    this.digest = digestOf(text);
  }

  /** Takes the same time for every wrong guess. */
  equals(guess: string): boolean {
    return timingSafeEqual(digestOf(guess), this.digest);
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Cookies know no ports: the name keeps two servers on one address apart. */
function cookieName(port: number): string {
  return `drainlab-${port}`;
}

/** Lives as long as the browser runs; no script can read it and no other site sends it along. */
export function rememberToken(context: Context, token: Token, port: number): void {
  setCookie(context, cookieName(port), token.text, { httpOnly: true, sameSite: 'Strict', path: '/' });
}

/** Refuses who has no token, neither as `Authorization: Bearer …` nor in the cookie of the opened link. */
export function needsToken(token: Token, port: () => number): MiddlewareHandler {
  return async (context, next) => {
    const header = /^Bearer +(\S+)$/i.exec(context.req.header('authorization') ?? '');
    const guess = header?.[1] ?? getCookie(context, cookieName(port()));
    if (guess === undefined || !token.equals(guess)) {
      context.header('WWW-Authenticate', 'Bearer realm="drainlab"');
      return refusal(
        context,
        401,
        'E_SERVE_TOKEN',
        'Open the link that drainlab serve printed, or send its token.',
      );
    }
    await next();
  };
}
