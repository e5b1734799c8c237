import { PART_STATES, WHOLE_STATES } from '../../case/joint/joint-states.ts';
import type { JointCaseView } from '../../case/joint/joint-view.ts';
import { maskedApplicant, materialJson } from './case-view.ts';
import type { JointCaseJson, JointCaseSummaryJson } from './joint-case-schemas.ts';
import { hideValues } from './privacy.ts';

/**
 * A joint case as the API shows it.
 *
 * @param isOpen whether the reader may see personal data
 */
export function jointCaseJson(view: JointCaseView, isOpen: boolean): JointCaseJson {
  const { applicant, form, forms, materials, handler, submittedAt, endedAt, fall, withdrawal, handOver } =
    view.document;
  const shown = Object.entries(forms).map(([part, fields]) => [part, isOpen ? fields : hideValues(fields)]);
  return {
    ...outlineOf(view),
    applicant: isOpen ? applicant : maskedApplicant(applicant),
    form: isOpen ? form : hideValues(form),
    forms: Object.fromEntries(shown),
    materials: materials.map((material) => materialJson(material)),
    handler,
    ...(submittedAt !== undefined && { submittedAt }),
    ...(endedAt !== undefined && { endedAt }),
    ...(fall && { fall }),
    ...(withdrawal && { withdrawal }),
    ...(handOver && { handOver }),
  } as JointCaseJson;
}

/** A joint case in a list, for any reader. */
export function jointCaseSummary(view: JointCaseView): JointCaseSummaryJson {
  const { kind, name, documentType, documentNumber } = maskedApplicant(view.document.applicant);
  return { ...outlineOf(view), applicant: { kind, name, documentType, documentNumber } } as JointCaseSummaryJson;
}

function outlineOf({ document: _, parts, agreement, bundle, bundleVersion: version, ...joint }: JointCaseView) {
  return {
    ...joint,
    ...(bundle === '' ? { agreement } : { bundle: { code: bundle, version } }),
    stateLabel: WHOLE_STATES[joint.state],
    parts: parts.map((part) => ({ ...part, after: [...part.after], stateLabel: PART_STATES[part.state] })),
  };
}
