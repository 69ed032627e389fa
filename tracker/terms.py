"""The closed vocabularies, as string enums with labels.

Models store the values, rules compare them, pages show the labels. Nothing here knows Django. Registry
enumerations (ClinicalTrials.gov OpenAPI document 2.0.5) are listed so that drift can be counted; a value outside
them is stored as given and read by the rules as not reported. The vocabularies that are ours are closed, and the
database refuses anything else.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Term(StrEnum):
    """A string enum whose members carry the words that a page shows."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or value.replace("_", " ").lower()
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Pairs of value and label, in order, as forms and models want them."""
        return [(member.value, member.label) for member in cls]

    @classmethod
    def read(cls, value: str | None) -> Self | None:
        """The member of this value, or None where it is absent or outside the vocabulary (drift)."""
        return cls._value2member_map_.get(value) if value else None  # type: ignore[return-value]


# --- the registry's own enumerations -----------------------------------------------------------------------------


class Status(Term):
    """Overall recruitment status."""

    NOT_YET_RECRUITING = "NOT_YET_RECRUITING", "not yet recruiting"
    RECRUITING = "RECRUITING", "recruiting"
    ENROLLING_BY_INVITATION = "ENROLLING_BY_INVITATION", "by invitation"
    ACTIVE_NOT_RECRUITING = "ACTIVE_NOT_RECRUITING", "active, not recruiting"
    COMPLETED = "COMPLETED", "completed"
    SUSPENDED = "SUSPENDED", "suspended"
    TERMINATED = "TERMINATED", "terminated"
    WITHDRAWN = "WITHDRAWN", "withdrawn"
    UNKNOWN = "UNKNOWN", "unknown"
    AVAILABLE = "AVAILABLE", "expanded access available"
    NO_LONGER_AVAILABLE = "NO_LONGER_AVAILABLE", "expanded access no longer available"
    TEMPORARILY_NOT_AVAILABLE = "TEMPORARILY_NOT_AVAILABLE", "expanded access temporarily not available"
    APPROVED_FOR_MARKETING = "APPROVED_FOR_MARKETING", "expanded access, approved for marketing"
    WITHHELD = "WITHHELD", "withheld"


class StudyType(Term):
    INTERVENTIONAL = "INTERVENTIONAL", "interventional"
    OBSERVATIONAL = "OBSERVATIONAL", "observational"
    EXPANDED_ACCESS = "EXPANDED_ACCESS", "expanded access"


class Phase(Term):
    NA = "NA", "no phase"
    EARLY_PHASE1 = "EARLY_PHASE1", "early phase 1"
    PHASE1 = "PHASE1", "phase 1"
    PHASE2 = "PHASE2", "phase 2"
    PHASE3 = "PHASE3", "phase 3"
    PHASE4 = "PHASE4", "phase 4"


class Allocation(Term):
    RANDOMIZED = "RANDOMIZED", "randomised"
    NON_RANDOMIZED = "NON_RANDOMIZED", "not randomised"
    NA = "NA", "does not apply"


class Masking(Term):
    NONE = "NONE", "none (open label)"
    SINGLE = "SINGLE", "single"
    DOUBLE = "DOUBLE", "double"
    TRIPLE = "TRIPLE", "triple"
    QUADRUPLE = "QUADRUPLE", "quadruple"


class PrimaryPurpose(Term):
    TREATMENT = "TREATMENT", "treatment"
    PREVENTION = "PREVENTION", "prevention"
    DIAGNOSTIC = "DIAGNOSTIC", "diagnostic"
    ECT = "ECT", "educational, counselling or training"
    SUPPORTIVE_CARE = "SUPPORTIVE_CARE", "supportive care"
    SCREENING = "SCREENING", "screening"
    HEALTH_SERVICES_RESEARCH = "HEALTH_SERVICES_RESEARCH", "health services research"
    BASIC_SCIENCE = "BASIC_SCIENCE", "basic science"
    DEVICE_FEASIBILITY = "DEVICE_FEASIBILITY", "device feasibility"
    OTHER = "OTHER", "other"


class InterventionModel(Term):
    SINGLE_GROUP = "SINGLE_GROUP", "single group"
    PARALLEL = "PARALLEL", "parallel"
    CROSSOVER = "CROSSOVER", "crossover"
    FACTORIAL = "FACTORIAL", "factorial"
    SEQUENTIAL = "SEQUENTIAL", "sequential"


class ObservationalModel(Term):
    COHORT = "COHORT", "cohort"
    CASE_CONTROL = "CASE_CONTROL", "case-control"
    CASE_ONLY = "CASE_ONLY", "case only"
    CASE_CROSSOVER = "CASE_CROSSOVER", "case crossover"
    ECOLOGIC_OR_COMMUNITY = "ECOLOGIC_OR_COMMUNITY", "ecologic or community"
    FAMILY_BASED = "FAMILY_BASED", "family based"
    DEFINED_POPULATION = "DEFINED_POPULATION", "defined population"
    NATURAL_HISTORY = "NATURAL_HISTORY", "natural history"
    OTHER = "OTHER", "other"


class TimePerspective(Term):
    RETROSPECTIVE = "RETROSPECTIVE", "retrospective"
    PROSPECTIVE = "PROSPECTIVE", "prospective"
    CROSS_SECTIONAL = "CROSS_SECTIONAL", "cross-sectional"
    OTHER = "OTHER", "other"


class SamplingMethod(Term):
    PROBABILITY_SAMPLE = "PROBABILITY_SAMPLE", "probability sample"
    NON_PROBABILITY_SAMPLE = "NON_PROBABILITY_SAMPLE", "non-probability sample"


class ArmType(Term):
    EXPERIMENTAL = "EXPERIMENTAL", "experimental"
    ACTIVE_COMPARATOR = "ACTIVE_COMPARATOR", "active comparator"
    PLACEBO_COMPARATOR = "PLACEBO_COMPARATOR", "placebo comparator"
    SHAM_COMPARATOR = "SHAM_COMPARATOR", "sham comparator"
    NO_INTERVENTION = "NO_INTERVENTION", "no intervention"
    OTHER = "OTHER", "other"


class InterventionType(Term):
    BEHAVIORAL = "BEHAVIORAL", "behavioural"
    BIOLOGICAL = "BIOLOGICAL", "biological"
    COMBINATION_PRODUCT = "COMBINATION_PRODUCT", "combination product"
    DEVICE = "DEVICE", "device"
    DIAGNOSTIC_TEST = "DIAGNOSTIC_TEST", "diagnostic test"
    DIETARY_SUPPLEMENT = "DIETARY_SUPPLEMENT", "dietary supplement"
    DRUG = "DRUG", "drug"
    GENETIC = "GENETIC", "genetic"
    PROCEDURE = "PROCEDURE", "procedure"
    RADIATION = "RADIATION", "radiation"
    OTHER = "OTHER", "other"


class ValueType(Term):
    """Whether an enrolment or a date has happened or is foreseen."""

    ACTUAL = "ACTUAL", "actual"
    ESTIMATED = "ESTIMATED", "planned"


class ReferenceType(Term):
    BACKGROUND = "BACKGROUND", "background"
    RESULT = "RESULT", "result"
    DERIVED = "DERIVED", "derived"


class IpdSharing(Term):
    YES = "YES", "yes"
    NO = "NO", "no"
    UNDECIDED = "UNDECIDED", "undecided"


class SponsorClass(Term):
    NIH = "NIH", "NIH"
    FED = "FED", "US federal"
    OTHER_GOV = "OTHER_GOV", "government"
    INDIV = "INDIV", "individual"
    INDUSTRY = "INDUSTRY", "industry"
    NETWORK = "NETWORK", "network"
    AMBIG = "AMBIG", "ambiguous"
    OTHER = "OTHER", "other (academic, hospital)"
    UNKNOWN = "UNKNOWN", "unknown"


# --- our own vocabularies ----------------------------------------------------------------------------------------


class Origin(Term):
    """Where a version of a record was read."""

    REGISTRY = "registry", "registry"
    FILE = "file", "file"
    TRANSCRIBED = "transcribed", "transcribed from a public copy"


class Presence(Term):
    """Where a trial stands towards the registry and our queries."""

    PRESENT = "present", "in the registry"
    NO_LONGER_MATCHES = "no_longer_matches", "no longer matches"
    GONE = "gone", "gone from the registry"
    FOLDED = "folded", "now another number"


class Relevance(Term):
    ABOUT = "about", "about"
    MENTION = "mention", "mentions EVs"
    NONE = "none", "not about EVs"


class Proposer(Term):
    RULE = "rule", "by rule"
    PERSON = "person", "by a person"


class AnnotationState(Term):
    PROPOSED = "proposed", "proposed by rule"
    ACCEPTED = "accepted", "accepted"
    REJECTED = "rejected", "rejected"


class Facet(Term):
    """What kind of thing an annotation's term names."""

    EV = "ev", "extracellular vesicles"
    DISEASE = "disease", "disease"
    ROLE = "role", "role"
    EV_SOURCE = "ev_source", "EV source"
    CARGO = "cargo", "cargo"
    MECHANISM = "mechanism", "mechanism"
    HISTOLOGY = "histology", "histology"
    SPECIMEN = "specimen", "specimen"
    ISOLATION = "isolation", "isolation or manufacture"
    CHARACTERISATION = "characterisation", "characterisation or handling"
    READING = "reading", "reading of the design"
    STOP_REASON = "stop_reason", "reason for stopping"


class Role(Term):
    SCREENING = "screening", "screening"
    DIAGNOSIS = "diagnosis", "diagnosis"
    PROGNOSIS = "prognosis", "prognosis"
    PREDICTION = "prediction", "prediction of response"
    MONITORING = "monitoring", "monitoring"
    VACCINE = "vaccine", "vaccine"
    DRUG_CARRIER = "drug_carrier", "drug carrier"
    NATIVE_EV_THERAPY = "native_ev_therapy", "native EV therapy"
    EV_INHIBITION = "ev_inhibition", "EV inhibition or removal"
    MECHANISM = "mechanism", "mechanism"


class Reading(Term):
    """What the lexicon reads in a record's text because no registry field holds it; each rests on quoted words.

    The first four say what the trial does with vesicles and decide its track; the rest answer rows of the rubric.
    """

    EV_PRODUCT = "ev_product", "an intervention is EVs"
    EV_CARRIER = "ev_carrier", "an intervention delivers by EVs"
    EV_TARGET = "ev_target", "an intervention acts on EVs"
    EV_MEASURED = "ev_measured", "EVs are measured"
    CASE_CONTROL_GROUPS = "case_control_groups", "groups set proven cases against healthy people"
    SUSPECTED_POPULATION = "suspected_population", "people under suspicion, diagnosis comes later"
    CONSECUTIVE_SAMPLE = "consecutive_sample", "consecutive or all eligible people"
    BLINDED_INDEX_TEST = "blinded_index_test", "test read blind to the reference"
    BLINDED_MULTICENTRE = "blinded_multicentre", "blinded multi-centre validation"
    THRESHOLD_FIXED = "threshold_fixed", "threshold or panel fixed beforehand"
    THRESHOLD_EXPLORATORY = "threshold_exploratory", "threshold or panel developed in this study"
    REFERENCE_STANDARD = "reference_standard", "reference standard or outcome criteria named"
    SAMPLED_BEFORE = "sampled_before", "sampled before diagnosis or treatment"
    EV_TEST_DECIDES = "ev_test_decides", "the EV test decides what an arm receives"
    CLINICAL_OUTCOME = "clinical_outcome", "primary outcome is clinical"
    EV_SOURCE_NAMED = "ev_source_named", "EV source named"
    DOSE = "dose", "dose named"
    ROUTE = "route", "route named"
    MARKER = "marker", "marker, cargo or potency marker named"


class StopClass(Term):
    """Reasons for stopping, after Open Targets' work on why trials stop; several may hold at once."""

    NEGATIVE = "negative", "lack of effect"
    SAFETY = "safety", "safety"
    SUCCESS = "success", "goal or endpoint met"
    ENROLMENT = "enrolment", "enrolment"
    BUSINESS = "business", "business or funding"
    LOGISTICS = "logistics", "logistics"
    STAFF = "staff", "staff"
    REGULATORY = "regulatory", "regulatory"
    ETHICAL = "ethical", "ethical"
    COVID = "covid", "COVID-19"
    DESIGN = "design", "study design"
    ANOTHER_STUDY = "another_study", "another study"
    INTERIM = "interim", "interim analysis"
    INSUFFICIENT_DATA = "insufficient_data", "insufficient data"
    UNCLEAR = "unclear", "words that give no reason"
    NOT_GIVEN = "not_given", "no reason given"


class Track(Term):
    THERAPEUTIC = "therapeutic", "therapeutic"
    DIAGNOSTIC = "diagnostic", "diagnostic"


class Step(Term):
    PLANNED = "planned", "planned"
    RUNNING = "running", "running"
    DONE = "done", "done"
    STOPPED = "stopped", "stopped"


class Momentum(Term):
    ADVANCING = "advancing", "advancing"
    HOLDING = "holding", "holding"
    STALLED = "stalled", "stalled"
    STOPPED = "stopped", "stopped"
    UNKNOWN = "unknown", "not known"


class FactState(Term):
    REPORTED = "reported", "reported"
    NOT_REPORTED = "not_reported", "not reported"
    NOT_APPLICABLE = "not_applicable", "does not apply"


class Component(Term):
    RIGOUR = "rigour", "rigour"
    SCALE = "scale", "scale"
    EV_QUALITY = "ev_quality", "EV quality"
    TRANSPARENCY = "transparency", "transparency"
    INDEPENDENCE = "independence", "independence"


class ChangeKind(Term):
    FIRST_SEEN = "first_seen", "first seen"
    STATUS = "status", "status changed"
    ENROLMENT = "enrolment", "enrolment changed"
    DATE_SLIPPED = "date_slipped", "date moved"
    PRIMARY_OUTCOME = "primary_outcome", "primary outcome changed"
    PHASE = "phase", "phase changed"
    SITES = "sites", "sites added or removed"
    RESULTS_POSTED = "results_posted", "results posted"
    TITLE = "title", "title changed"
    OTHER = "other", "other fields changed"
    NO_LONGER_MATCHES = "no_longer_matches", "no longer matches"
    GONE = "gone", "gone from the registry"
    BACK = "back", "back in the registry"
    ALIAS = "alias", "became another number"
    RETRACTED = "retracted", "retracted"
    CORRECTED = "corrected", "corrected"
    PUBLISHED = "published", "preprint published"


class RunKind(Term):
    INCREMENTAL = "incremental", "what was posted since the last good run"
    FULL = "full", "the whole query"
    SINGLE = "single", "one record"
    FILE = "file", "from files"


class RunState(Term):
    RUNNING = "running", "running"
    DONE = "done", "done"
    UNCHANGED = "unchanged", "nothing new at the registry"
    INCOMPLETE = "incomplete", "stopped early; the next run goes on from there"
    SUSPECT = "suspect", "not believed; a person should look"
    REFUSED = "refused", "the registry refused the question"
    BLOCKED = "blocked", "the registry blocked us"


GOOD_RUNS = (RunState.DONE, RunState.UNCHANGED)


class SetAsideState(Term):
    WAITING = "waiting", "waits for a fix"
    REPLAYED = "replayed", "replayed and stored"


# --- studies, candidates and what joins them ----------------------------------------------------------------------


class StudyOrigin(Term):
    """Where a study's bibliographic record was read."""

    EUROPEPMC = "europepmc", "Europe PMC"
    FILE = "file", "file"
    HAND = "hand", "entered by hand"


class Subject(Term):
    """What a record is of."""

    TRIAL = "trial", "trial"
    STUDY = "study", "study"


class CitationFormat(Term):
    """The formats of files that studies are taken from."""

    CSV = "csv", "CSV (comma, semicolon or tab)"
    RIS = "ris", "RIS"
    BIBTEX = "bibtex", "BibTeX"
    NBIB = "nbib", "PubMed nbib (MEDLINE)"
    EUROPEPMC = "europepmc", "Europe PMC JSON"


class RowFate(Term):
    """What becomes, or would become, of a row of a file of studies."""

    NEW = "new", "new"
    CHANGED = "changed", "changes a stored study"
    UNCHANGED = "unchanged", "says nothing new"
    DUPLICATE = "duplicate", "told by another row of the file"
    REFUSED = "refused", "refused"


class DecisionFate(Term):
    """What becomes of a row of a file of candidates, links or lineage."""

    NEW = "new", "new"
    CHANGED = "changed", "changed, or a proposal accepted"
    UNCHANGED = "unchanged", "stands so already"
    KEPT = "kept", "left as a person decided"
    REFUSED = "refused", "refused"


class StudyFileState(Term):
    """Where an uploaded file of studies stands."""

    WAITING = "waiting", "waits to be taken in"
    TAKEN = "taken", "taken in"
    DISCARDED = "discarded", "discarded"


class NoticeKind(Term):
    """What was published about a paper after it, against it or to mend it."""

    RETRACTION = "retraction", "retracted"
    CORRECTION = "correction", "corrected"
    CONCERN = "concern", "expression of concern"


class FactOrigin(Term):
    """Who read a value in a study; a person's stands over a file's, a file's over a rule's."""

    PERSON = "person", "by a person"
    IMPORT = "import", "from a file"
    RULE = "rule", "by rule"


class Direction(Term):
    SUPPORTS = "supports", "supports"
    NEUTRAL = "neutral", "neutral"
    CONTRADICTS = "contradicts", "contradicts"


class ExperimentKind(Term):
    IN_VITRO = "in_vitro", "in vitro"
    IN_VIVO = "in_vivo", "in vivo (animals)"
    EX_VIVO = "ex_vivo", "ex vivo (samples)"
    PATIENTS = "patients", "patients"


class Answer(Term):
    """A curator's answer to a reporting item: silence is not a no."""

    YES = "yes", "yes"
    NO = "no", "no: the source says it was not done"
    NOT_REPORTED = "not_reported", "not reported"
    NOT_APPLICABLE = "not_applicable", "does not apply"


class StudyFactName(Term):
    """What is read in a study. The shape of its value is named in brackets."""

    STAGE_EVIDENCE = "stage_evidence", "what kind of evidence"  # [list of StudyEvidence]
    DIRECTION = "direction", "direction of the finding"  # [Direction]
    CELL_LINES = "cell_lines", "cell lines"  # [list of texts]
    ANIMAL_MODEL = "animal_model", "animal model"  # [text]
    ANIMAL_SPECIES = "animal_species", "animal species"  # [text]
    N_ANIMALS = "n_animals", "animals"  # [number]
    N_PATIENTS = "n_patients", "patients"  # [number]
    N_CONTROLS = "n_controls", "controls (people)"  # [number]
    N_MODELS = "n_models", "models or cohorts"  # [number]
    COHORTS = "cohorts", "cohorts"  # [list of "discovery", "validation", "independent"]
    CONTROLS = "controls", "controls used"  # [Answer]
    BLINDED = "blinded", "blinded assessment"  # [Answer]
    RANDOMISED = "randomised", "randomised animals or locked cut-off"  # [Answer]
    GAIN_AND_LOSS = "gain_and_loss", "gain and loss of function, or independent cohort"  # [Answer]
    REPLICATED = "replicated", "replicated by another group"  # [Answer]
    COMPARATORS = "comparators", "comparators"  # [text]
    ISOLATION = "isolation", "isolation, as stated"  # [list of texts]
    CHARACTERISATION = "characterisation", "characterisation, as stated"  # [list of texts]
    CANDIDATE = "candidate", "candidate, as stated"  # [text]
    ROLE = "role", "role, as stated"  # [list of Role]
    EV_SOURCE = "ev_source", "EV source, as stated"  # [list of texts]
    CARGO = "cargo", "cargo, as stated"  # [list of texts]
    MECHANISM = "mechanism", "mechanism, as stated"  # [list of texts]
    HISTOLOGY = "histology", "histology, as stated"  # [list of texts]
    SPECIMEN = "specimen", "specimen, as stated"  # [list of texts]
    MODEL = "model", "model, as stated"  # [list of texts]
    FINDINGS = "findings", "quantitative findings"  # [list of {"metric","value","low","high","n","unit","note"}]
    DATA_DEPOSITED = "data_deposited", "data deposited"  # [Answer]
    PROTOCOL = "protocol", "protocol or EV-TRACK id"  # [Answer]
    CONFLICTS_STATED = "conflicts_stated", "conflicts and funding stated"  # [Answer]
    EV_SOURCE_AMOUNT = "ev_source_amount", "amount of source stated"  # [Answer], the ten EV reporting items
    EV_SEPARATION = "ev_separation", "separation with its specifics"
    EV_QUANTITY = "ev_quantity", "quantity by two methods or their ratio"
    EV_TRANSMEMBRANE = "ev_transmembrane", "a transmembrane or GPI-anchored EV protein"
    EV_CYTOSOLIC = "ev_cytosolic", "a cytosolic EV protein"
    EV_PURITY = "ev_purity", "a non-EV protein for purity"
    EV_IMAGES = "ev_images", "single-vesicle images, wide-field and close-up"
    EV_SECOND_METHOD = "ev_second_method", "a second single-vesicle method"
    EV_ANTIBODIES = "ev_antibodies", "antibodies and lysate described"
    EV_FUNCTION_CONTROLS = "ev_function_controls", "controls for function"


EV_ITEMS = (
    StudyFactName.EV_SOURCE_AMOUNT,
    StudyFactName.EV_SEPARATION,
    StudyFactName.EV_QUANTITY,
    StudyFactName.EV_TRANSMEMBRANE,
    StudyFactName.EV_CYTOSOLIC,
    StudyFactName.EV_PURITY,
    StudyFactName.EV_IMAGES,
    StudyFactName.EV_SECOND_METHOD,
    StudyFactName.EV_ANTIBODIES,
    StudyFactName.EV_FUNCTION_CONTROLS,
)


class StudyEvidence(Term):
    """Kinds of evidence that place a study on the stage table; each is a condition of one of its rows."""

    REVIEW_OR_HYPOTHESIS = "review_or_hypothesis", "review or hypothesis only"
    MECHANISM_OBSERVED = "mechanism_observed", "EV effect or cargo tied to a hallmark of the disease"
    IN_VITRO_ONE_MODEL = "in_vitro_one_model", "activity in one in vitro model"
    IN_VITRO_PROOF = "in_vitro_proof", "two or more models, or gain and loss of function"
    IN_VIVO_PROOF = "in_vivo_proof", "proof in an animal model of lung cancer"
    LATE_PRECLINICAL = "late_preclinical", "toxicology, biodistribution or manufacture"
    MARKER_OBSERVED = "marker_observed", "marker in cell lines, or in patients without comparison"
    CASE_CONTROL = "case_control", "differential marker, cases against controls"
    OUTCOME_ASSOCIATION = "outcome_association", "associated with outcome"
    MULTIVARIABLE = "multivariable", "associated with outcome, multivariable"
    INDEPENDENT_VALIDATION = "independent_validation", "independent validation cohort"
    BEFORE_DIAGNOSIS = "before_diagnosis", "samples taken before diagnosis"
    ARCHIVED_PLANNED = "archived_planned", "archived samples of a completed trial, plan fixed beforehand"
    BLINDED_MULTICENTRE = "blinded_multicentre", "blinded multi-centre validation"
    INTENDED_USE_COHORT = "intended_use_cohort", "prospective intended-use cohort"
    CLINICAL_TRIAL = "clinical_trial", "the publication of a trial"


class CandidateStatus(Term):
    ACTIVE = "active", "active"
    RETIRED = "retired", "retired"
    MERGED = "merged", "merged into another"


class LineageKind(Term):
    LED_TO = "led_to", "led to"
    REPLICATES = "replicates", "replicates"
    CONTINUES = "continues", "continues"
    REPORTS = "reports", "reports the results of"
