import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  createLocalJWKSet,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose'
import Provider from 'oidc-provider'

export const CLIENT = { id: 'service', secret: 'client-secret-41b8' }
/** A client that has no secret, but a key. */
export const KEY_CLIENT = { id: 'signer', keyId: 'signer-1' }
const AUDIENCE = 'kafka'
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** An OIDC provider (`oidc-provider`), and beside it an exchange for assertions (`jose`). */
export interface OidcServer {
  readonly issuer: string
  readonly audience: string
  readonly jwks: string
  readonly tokenUrl: string
  /** Takes an assertion of `KEY_CLIENT` as the grant itself. */
  readonly exchangeUrl: string
  /** The key of `KEY_CLIENT`, in PEM. */
  readonly privateKey: string
  /** How many tokens were given out. */
  readonly tokens: number
  /** Signs whatever token a test wants, as the provider would. */
  sign(claims: Readonly<Record<string, unknown>>, lifetimeSeconds?: number): Promise<string>
  stop(): Promise<void>
}

export async function startOidcServer(tokenSeconds = 15): Promise<OidcServer> {
  const server = createServer()
  const issuer = await listen(server)
  const own = await generateKeyPair('RS256', { extractable: true })
  const client = await generateKeyPair('RS256', { extractable: true })
  const ownJwk = {
    ...(await exportJWK(own.privateKey)),
    kid: 'provider-1',
    use: 'sig',
    alg: 'RS256',
  }
  const clientJwk = { ...(await exportJWK(client.publicKey)), kid: KEY_CLIENT.keyId, use: 'sig' }
  const provider = providerOf(issuer, ownJwk, clientJwk, tokenSeconds)
  let tokens = 0
  provider.on('grant.success', () => void tokens++)
  const sign: OidcServer['sign'] = (claims, seconds = tokenSeconds) => {
    tokens++
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({ iss: issuer, aud: AUDIENCE, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'provider-1' })
      .setIssuedAt(now)
      .setExpirationTime(now + seconds)
      .sign(own.privateKey)
  }
  const exchangeUrl = `${issuer}/exchange`
  const known = createLocalJWKSet({ keys: [clientJwk] })
  const exchange = async (form: URLSearchParams) => {
    if (form.get('grant_type') !== JWT_BEARER) throw new Error('unsupported_grant_type')
    const assertion = form.get('assertion') ?? ''
    const { payload } = await jwtVerify(assertion, known, { audience: exchangeUrl })
    return { access_token: await sign({ sub: payload.sub }), expires_in: tokenSeconds }
  }
  const callback = provider.callback()
  server.on('request', (request, response) => {
    if (request.url === '/exchange') void answer(request, response, exchange)
    else void callback(request, response)
  })
  return {
    issuer,
    audience: AUDIENCE,
    jwks: `${issuer}/jwks`,
    tokenUrl: `${issuer}/token`,
    exchangeUrl,
    privateKey: await exportPKCS8(client.privateKey),
    get tokens() {
      return tokens
    },
    sign,
    stop: async () => {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}

/** What a client has that no person stands behind. */
const machine = {
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
}

function providerOf(issuer: string, ownJwk: JWK, clientJwk: JWK, tokenSeconds: number): Provider {
  return new Provider(issuer, {
    jwks: { keys: [ownJwk] },
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        ...machine,
      },
      {
        client_id: KEY_CLIENT.id,
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [clientJwk] },
        ...machine,
      },
    ],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:kafka',
        getResourceServerInfo: () => ({
          scope: 'produce consume',
          audience: AUDIENCE,
          accessTokenTTL: tokenSeconds,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    scopes: ['produce', 'consume'],
  })
}

function listen(server: Server): Promise<string> {
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address === 'object' && address) resolve(`http://127.0.0.1:${address.port}`)
    })
  })
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handle: (form: URLSearchParams) => Promise<object>,
): Promise<void> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  response.setHeader('content-type', 'application/json')
  try {
    response.end(JSON.stringify(await handle(new URLSearchParams(text))))
  } catch (error) {
    response.statusCode = 400
    response.end(JSON.stringify({ error: 'invalid_grant', error_description: String(error) }))
  }
}
