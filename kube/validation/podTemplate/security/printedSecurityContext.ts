import { at, isTrue, type Place, present, text, texts } from "../../place.ts";

/** A container's security context as the reference's texts show it: Kubernetes' inner names, absent members as null. */
export function printedSecurityContext(context: Place): unknown {
  const raw = (member: string): unknown => at(context, member).value ?? null;
  return {
    Capabilities: ifPresent(at(context, "capabilities"), (place) => ({
      Add: printedList(at(place, "add")),
      Drop: printedList(at(place, "drop")),
    })),
    // The reference strips `privileged: true` before it validates.
    Privileged: isTrue(at(context, "privileged")) ? null : raw("privileged"),
    SELinuxOptions: ifPresent(at(context, "seLinuxOptions"), (place) => ({
      User: text(at(place, "user")),
      Role: text(at(place, "role")),
      Type: text(at(place, "type")),
      Level: text(at(place, "level")),
    })),
    WindowsOptions: ifPresent(at(context, "windowsOptions"), (place) => ({
      GMSACredentialSpecName: at(place, "gmsaCredentialSpecName").value ?? null,
      GMSACredentialSpec: at(place, "gmsaCredentialSpec").value ?? null,
      RunAsUserName: at(place, "runAsUserName").value ?? null,
      HostProcess: at(place, "hostProcess").value ?? null,
    })),
    RunAsUser: raw("runAsUser"),
    RunAsGroup: raw("runAsGroup"),
    RunAsNonRoot: raw("runAsNonRoot"),
    ReadOnlyRootFilesystem: raw("readOnlyRootFilesystem"),
    AllowPrivilegeEscalation: raw("allowPrivilegeEscalation"),
    ProcMount: raw("procMount"),
    SeccompProfile: ifPresent(at(context, "seccompProfile"), printedProfile),
    AppArmorProfile: ifPresent(at(context, "appArmorProfile"), printedProfile),
  };
}

/** A seccomp or AppArmor profile. */
export const printedProfile = (profile: Place): unknown => ({
  Type: text(at(profile, "type")),
  LocalhostProfile: at(profile, "localhostProfile").value ?? null,
});

const printedList = (place: Place): unknown => (present(place) ? texts(place) : null);

const ifPresent = (place: Place, print: (place: Place) => unknown): unknown => (present(place) ? print(place) : null);
