/**
 * What a machine tells its programs about the way out: registries, proxies, certificates, caches.
 * Programs that download need it; the clean environment of all others leaves it out.
 */
const WAY_OUT =
  /^(npm_config_.*|(https?|no|all)_proxy|ssl_cert_(file|dir)|node_extra_ca_certs|deno_(dir|cert|tls_ca_store)|xdg_cache_home)$/i;

/** The variables of this process that a program needs which downloads. */
export function networkVariables(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => WAY_OUT.test(name)),
  );
}
