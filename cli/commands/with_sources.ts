import { Command } from "@commander-js/extra-typings";

/** What stands before packages. */
export const MACHINES =
  "hosts, thinclient for this machine; -- ends them where a package is called like one";
/** What stands where one is named. */
export const MACHINE = "a host, or thinclient for this machine";

/** A command that reads repositories of hosts. */
export function withSources(name: string, description: string) {
  return new Command(name)
    .description(description)
    .option("--allow-old", "take an index that is older than one that was read before", false)
    .option("--new-sources", "take repositories and keys of the host that are new", false)
    .option("--offline", "ask no repository: use what this machine holds", false)
    .option("--json", "as JSON", false);
}

/** One that changes what hosts have. */
export function withChanges(name: string, description: string) {
  return withSources(name, description)
    .option("--dry-run", "show what would change", false)
    .option("--no-confirm", "do not ask, as is done before packages come to thinclient");
}
