import type { ServiceFacts } from "../model/service-facts.ts";
import { Drafts } from "./drafts.ts";
import type { ProtoServices } from "./proto-services.ts";
import { draftRegistrations, findLayout } from "./register-classes.ts";
import type { Registration } from "./register-classes.ts";
import { draftClass } from "./service-class.ts";
import type { ServiceClass } from "./service-class.ts";
import { printStub } from "./service-stub.ts";

/** What came of {@link addServices}. */
export interface AddedServices {
  readonly classes: readonly ServiceClass[];
  /** The files in which services are registered; empty in a project of another layout. */
  readonly registrations: readonly Registration[];
  /** What changes; nothing is written yet. */
  readonly drafts: Drafts;
}

/** Where services go. Folders are absolute. */
export interface AddServicesOptions {
  readonly root: string;
  /** Made when it does not exist. */
  readonly folder: string;
  readonly proto: ProtoServices;
}

/**
 * Works out a class for each service that has none yet, the methods that existing classes lack, and how all of
 * them are registered. Writes nothing. Throws CLASS_UNCLEAR, FILE_EXISTS, SOURCE_INVALID.
 */
export async function addServices(
  services: readonly ServiceFacts[],
  { root, folder, proto }: AddServicesOptions,
): Promise<AddedServices> {
  const drafts = new Drafts();
  const classes: ServiceClass[] = [];
  for (const service of services) {
    const print = (names: ServiceClass["names"], path: string): Promise<string> =>
      printStub(service, names, path, proto);
    classes.push(await draftClass(service, { folder, proto, drafts, print }));
  }
  const project = findLayout(folder, root);
  const registrations = await draftRegistrations(project, classes, proto, drafts);
  return { classes, registrations, drafts };
}
