import { TowerError } from "../../lib/errors.ts";
import { sameBytes } from "../../lib/pki/der_reader.ts";
import type { Certificate } from "../../lib/pki/certificate.ts";
import type { UnsignedImage } from "../../lib/secure_boot/efi_signer.ts";
import { formatRequest } from "../../lib/secure_boot/signature_files.ts";
import type { Engine } from "../engine/engine.ts";
import type { BuildRequest } from "../inputs/request.ts";
import { findUnsigned } from "../pipeline.ts";

/**
 * What a system's build wants to have signed, as a document for a machine that has the key.
 * @throws {TowerError} `not-found` where it signs nothing, `unsupported` for several certificates
 */
export async function signatureRequest(request: BuildRequest, engine: Engine): Promise<string> {
  const images: UnsignedImage[] = [];
  let certificate: Certificate | undefined;
  const plan = await findUnsigned(request, engine, (image, by) => {
    if (certificate !== undefined && !sameBytes(certificate.der, by.der)) {
      throw new TowerError(
        "unsupported",
        `Cannot list what is to be signed: it is for both "${certificate.commonName}" and ` +
          `"${by.commonName}"`,
      );
    }
    certificate = by;
    images.push(image);
  });
  if (certificate === undefined) {
    throw new TowerError(
      "not-found",
      `Cannot list what is to be signed: "${plan.system}" has no stage secure-boot that signs`,
    );
  }
  return formatRequest({ system: plan.system, certificate, images });
}
