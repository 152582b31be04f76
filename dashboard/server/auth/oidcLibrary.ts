/** What a login at an identity provider needs of its library, which is loaded with the first one. */
export {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  discovery,
  randomPKCECodeVerifier,
  refreshTokenGrant,
} from "openid-client";
