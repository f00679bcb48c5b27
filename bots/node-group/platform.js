// Who sent a notification: the calling platform, or a stranger.

import jwt from "jsonwebtoken";
import jwks from "jwks-rsa";

const ISSUER = "https://api.botframework.com";
const LEEWAY = 300; // seconds, as Bot Framework's own libraries allow

export class Platform {
  constructor({ app, tenant, metadata }) {
    this.app = app;
    this.tenant = tenant;
    this.metadata = metadata;
  }

  async keys() {
    if (!this.client) {
      const answer = await fetch(this.metadata);
      if (!answer.ok) throw new Error(`the platform's metadata: ${answer.status}`);
      const jwksUri = (await answer.json()).jwks_uri;
      this.client = jwks({ jwksUri, cache: true, rateLimit: true });
    }
    return this.client;
  }

  // Throws where the token is not the platform's, or not for this bot and its tenant.
  async check(authorization) {
    const [scheme, token] = (authorization ?? "").split(" ");
    if (scheme.toLowerCase() !== "bearer" || !token) throw new Error("there is no token");
    const kid = jwt.decode(token, { complete: true })?.header?.kid;
    if (!kid) throw new Error("the token names no key");
    const key = await (await this.keys()).getSigningKey(kid);
    const claims = jwt.verify(token, key.getPublicKey(), {
      algorithms: ["RS256"],
      audience: this.app,
      issuer: ISSUER,
      clockTolerance: LEEWAY,
    });
    if (claims.tid !== this.tenant) throw new Error("the token is of another tenant, or of none");
  }
}
