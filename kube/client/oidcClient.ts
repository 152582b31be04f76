/**
 * Renews tokens of an identity provider. client-node's own way does not work: it hands the issuer on as a text, where
 * openid-client takes a URL, an answer of its own making, where it takes a Response (with a CA of the issuer's), and
 * leaves the client's secret out.
 */
import { readFileSync } from "node:fs";
import {
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  customFetch,
  discovery,
  refreshTokenGrant,
  ResponseBodyError,
} from "openid-client";

/** What client-node's OpenIDConnectAuth asks for a new token. */
export interface OidcClient {
  refresh(token: string): Promise<RenewedToken>;
}

export interface RenewedToken {
  readonly id_token: string;
  /** The one given, unless the provider gave another. */
  readonly refresh_token: string;
  /** Seconds since the epoch. */
  readonly expires_at: number;
}

const renewSeconds = 10;

/** @param config the `config` of an `auth-provider` named oidc */
export const createOidcClient = (config: Readonly<Record<string, unknown>>): OidcClient => ({
  async refresh(token) {
    const answer = await refreshTokenGrant(await configurationOf(config), token).catch(refused);
    if (answer.id_token === undefined) throw new Error("the issuer gave no id_token; log in again");
    return {
      id_token: answer.id_token,
      refresh_token: answer.refresh_token ?? token,
      expires_at: answer.claims()?.exp ?? Date.now() / 1_000 + renewSeconds,
    };
  },
});

/** In the issuer's own words. */
const refused = (error: unknown): never => {
  if (!(error instanceof ResponseBodyError)) throw error;
  const why = [error.error, error.error_description].filter((each) => each !== undefined).join(": ");
  throw new Error(`the issuer refuses to renew the token (${why}); log in again`, { cause: error });
};

const textIn = (config: Readonly<Record<string, unknown>>, key: string): string | undefined => {
  const value = config[key];
  return typeof value === "string" && value !== "" ? value : undefined;
};

const configurationOf = async (config: Readonly<Record<string, unknown>>): Promise<Configuration> => {
  const issuer = textIn(config, "idp-issuer-url") ?? "";
  const url = URL.parse(issuer);
  if (url?.protocol !== "https:") throw new Error(`idp-issuer-url "${issuer}" must be an https address`);
  const id = textIn(config, "client-id") ?? "";
  const secret = textIn(config, "client-secret");
  const fetching = fetchWith(authorityOf(config));
  const found = await discovery(url, id, secret, undefined, { [customFetch]: fetching });
  if (secret === undefined) return found;
  const metadata = found.serverMetadata();
  // Without a word of the provider it is the header: OpenID Connect Discovery 1.0, section 3.
  const methods = metadata.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  const isPosted = methods.includes("client_secret_post") && !methods.includes("client_secret_basic");
  const proof = isPosted ? ClientSecretPost(secret) : ClientSecretBasic(secret);
  const configuration = new Configuration(metadata, id, secret, proof);
  configuration[customFetch] = fetching;
  return configuration;
};

const authorityOf = (config: Readonly<Record<string, unknown>>): string | undefined => {
  const data = textIn(config, "idp-certificate-authority-data");
  if (data !== undefined) return Buffer.from(data, "base64").toString();
  const file = textIn(config, "idp-certificate-authority");
  return file === undefined ? undefined : readFileSync(file, "utf8");
};

const fetchWith =
  (ca: string | undefined) =>
  (url: string, init: object): Promise<Response> =>
    fetch(url, { ...init, ...(ca !== undefined && { tls: { ca } }) });
