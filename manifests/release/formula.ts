/** The formula by which Homebrew installs the program on macOS and Linux. Pure. */
import type { Platform } from "../image/buildProgram.ts";
import { source, version } from "../text/manifestNames.ts";
import { archiveName, downloads, tagline } from "./names.ts";

/** @param digestOf the SHA-256 of an archive, in hex */
export function formula(digestOf: (archive: string) => string): string {
  const from = (platform: Platform): string =>
    `url "${downloads}/${archiveName(platform)}"\n      sha256 "${digestOf(archiveName(platform))}"`;
  return `# Made by \`bun run release\` of ${source}; do not edit.
class Sluice < Formula
  desc "${tagline}"
  homepage "${source}"
  version "${version}"
  license "Apache-2.0"

  on_macos do
    on_arm do
      ${from("darwin-arm64")}
    end
    on_intel do
      ${from("darwin-amd64")}
    end
  end

  on_linux do
    on_arm do
      ${from("linux-arm64")}
    end
    on_intel do
      ${from("linux-amd64")}
    end
  end

  def install
    bin.install "sluice"
    bin.install_symlink "sluice" => "kubectl-sluice"
    man1.install Dir["man/*.1"]
    doc.install "THIRD_PARTY"
    generate_completions_from_executable(bin/"sluice", "completion", shells: [:bash, :zsh, :fish])
  end

  def caveats
    <<~EOS
      kubectl finds it as "kubectl sluice". To have it as "kubectl argo rollouts", too:
        ln -s #{opt_bin}/sluice #{HOMEBREW_PREFIX}/bin/kubectl-argo-rollouts
    EOS
  end

  test do
    assert_equal "sluice: v#{version}", shell_output("#{bin}/sluice version --short").strip
  end
end
`;
}
