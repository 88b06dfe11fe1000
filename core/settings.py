"""Every setting of the service, once, typed, with its unit.

Each field is read from the environment variable ``HISBUNDLE_<FIELD>`` (or from a ``.env``
file in the working directory); the command line offers the common ones as options.
``hisbundle settings`` prints them with their values. Pure code never reads settings: it is
given numbers.
"""

from enum import StrEnum
from pathlib import Path

from pydantic import Field, IPvAnyNetwork, PositiveFloat, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Role(StrEnum):
    """A part of the service that a process can play; by default one process plays all."""

    INGEST = "ingest"
    ANALYSIS = "analysis"
    PUBLISHER = "publisher"
    NOTIFIER = "notifier"
    BULK = "bulk"
    API = "api"


class VaultKind(StrEnum):
    """Where device keys are wrapped."""

    LOCAL = "local"
    AWS = "aws"


class IssuerKind(StrEnum):
    """Who signs devices' certificates."""

    LOCAL = "local"
    AWS_IOT = "aws-iot"


class ClassifierKind(StrEnum):
    """Where beats are classified."""

    LOCAL = "local"
    SAGEMAKER = "sagemaker"


class SmtpTls(StrEnum):
    """How e-mail is protected on its way to the server."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class Settings(BaseSettings):
    """The service's settings; every default is safe on a desk and binds loopback only."""

    model_config = SettingsConfigDict(
        env_prefix="HISBUNDLE_", env_file=".env", extra="ignore", frozen=True, allow_inf_nan=False
    )

    # Where things are
    data_dir: Path = Field(Path(".hisbundle"), description="folder of the embedded data and keys")
    database_url: SecretStr | None = Field(
        None,
        description="postgresql://user:password@host:5432/name of a Postgres 15 or newer; "
        "unset: the embedded one",
    )
    mqtt_url: SecretStr | None = Field(
        None,
        description="mqtts://user:password@host:8883 of an MQTT 5 broker to subscribe to; "
        "unset: the embedded endpoint",
    )
    mqtt_ca_file: Path | None = Field(None, description="CA that signed the broker's certificate")
    mqtt_client_cert_file: Path | None = Field(None, description="client certificate for it")
    mqtt_client_key_file: Path | None = Field(None, description="private key of that certificate")
    mqtt_client_id: str = Field(
        "hisbundle-ingest",
        min_length=1,
        description="stable MQTT client id; one per ingest process",
    )
    mqtt_session_expiry_s: int = Field(
        86_400,
        gt=0,
        lt=2**32,
        description="how long the broker keeps our queue while we are away, in seconds",
    )

    # What this process does and where it listens
    roles: frozenset[Role] = Field(
        frozenset(Role), description='JSON list of roles, as ["api"]; all by default'
    )
    bind_host: str = Field("127.0.0.1", description="address to listen on, HTTP and MQTT")
    http_port: int = Field(8080, ge=0, le=65_535, description="TCP port of FHIR and console")
    mqtt_port: int = Field(8883, ge=0, le=65_535, description="TCP port of the MQTT endpoint, TLS")
    mqtt_client_ca_file: Path | None = Field(
        None,
        description="CA of the devices' certificates at the MQTT endpoint; what they name must "
        "be the user name; unset: none is asked for",
    )
    mqtt_require_client_cert: bool = Field(
        False, description="let no device in without a certificate of mqtt_client_ca_file"
    )
    public_url: str | None = Field(
        None, description="URL under which clients reach the FHIR server; unset: the bound one"
    )
    tls_cert_file: Path | None = Field(None, description="HTTPS certificate; unset: plain HTTP")
    tls_key_file: Path | None = Field(None, description="private key of that certificate")

    # Ingest
    ingest_batch_max: PositiveInt = Field(1000, description="chunks per transaction at most")
    ingest_linger_ms: float = Field(
        5.0, gt=0, le=1000, description="wait for a fuller batch, in ms (at most 1000)"
    )
    ingest_queue_max: PositiveInt = Field(
        4000, description="chunks held in memory before the sockets are paused"
    )
    quarantine_max_per_device: PositiveInt = Field(
        1000, description="refused frames kept per device; older ones are dropped and counted"
    )

    # Keys
    vault: VaultKind = Field(VaultKind.LOCAL, description="where device keys are wrapped")
    key_cache_max: PositiveInt = Field(10_000, description="unwrapped keys held in memory")
    key_cache_ttl_s: PositiveFloat = Field(900.0, description="life of an unwrapped key, seconds")
    aws_region: str = Field(
        "eu-central-1", description="region of KMS, Parameter Store and SageMaker"
    )
    aws_endpoint_url: str | None = Field(None, description="another AWS endpoint (emulator, VPC)")
    aws_kms_key_id: str = Field("alias/hisbundle", description="KMS key that wraps device keys")
    device_certificates: IssuerKind = Field(
        IssuerKind.LOCAL, description="who signs devices' certificates: local or aws-iot"
    )
    aws_iot_policy: str = Field("hisbundle-device", description="AWS IoT policy of the devices")
    aws_parameter_prefix: str = Field("/ecg/dev", description="Parameter Store path of the keys")

    # Analysis
    analysis_batch_sessions: PositiveInt = Field(64, description="sessions per turn of a worker")
    analysis_batch_chunks: PositiveInt = Field(160, description="chunks per session and turn")
    analysis_poll_s: PositiveFloat = Field(
        1.0, description="seconds between looks without a NOTIFY"
    )
    gap_wait_s: PositiveFloat = Field(
        30.0, description="seconds to wait for a missing chunk before its place becomes a gap"
    )
    session_idle_s: PositiveFloat = Field(
        300.0, description="seconds without a chunk after which a session counts as ended"
    )
    report_interval_s: PositiveFloat = Field(
        60.0, description="seconds of new signal between versions of a running session's report"
    )

    # The classifier, and Amazon SageMaker as its place
    classifier: ClassifierKind = Field(
        ClassifierKind.LOCAL, description="where beats are classified: local or sagemaker"
    )
    sagemaker_endpoint: str | None = Field(
        None,
        max_length=50,
        pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,49}$",
        description="name of the endpoint that is asked, and of `hisbundle model`",
    )
    sagemaker_runtime_url: str | None = Field(
        None, description="another address of SageMaker Runtime (VPC); unset: AWS's"
    )
    sagemaker_batch_beats: int = Field(256, gt=0, le=1024, description="beats per request at most")
    sagemaker_deadline_s: float = Field(
        5.0, gt=0, le=60, description="seconds for a batch; after that the local engine answers"
    )
    sagemaker_attempts: int = Field(3, gt=0, le=10, description="tries of a request, at most")
    sagemaker_breaker_failures: PositiveInt = Field(
        5, description="failed batches in a row after which the endpoint is left alone"
    )
    sagemaker_breaker_open_s: PositiveFloat = Field(
        30.0, description="seconds until it is then tried again"
    )

    # What `hisbundle model deploy` makes there
    sagemaker_bucket: str | None = Field(
        None, min_length=3, max_length=63, description="S3 bucket that model packages go to"
    )
    sagemaker_prefix: str = Field(
        "hisbundle/models", min_length=1, description="where in the bucket they go"
    )
    sagemaker_role_arn: str | None = Field(
        None,
        pattern=r"^arn:aws[a-z\-]*:iam::\d{12}:role/.+$",
        description="role that the endpoint runs under: reads the bucket, pulls the image",
    )
    sagemaker_image: str | None = Field(
        None,
        description="container image of TensorFlow Serving, as 763104351884.dkr.ecr.<region>."
        "amazonaws.com/tensorflow-inference:2.14.1-cpu",
    )
    sagemaker_instance_type: str = Field(
        "ml.c5.large", pattern=r"^ml\.", description="kind of instance of the endpoint"
    )
    sagemaker_instances_min: PositiveInt = Field(1, description="instances at least")
    sagemaker_instances_max: PositiveInt = Field(2, description="instances at most")
    sagemaker_requests_per_minute: PositiveInt = Field(
        1000, description="requests per minute and instance that scaling aims at"
    )
    sagemaker_kms_key_id: str | None = Field(
        None, description="KMS key for packages and instances' volumes; unset: AWS's own"
    )
    sagemaker_tags: dict[str, str] = Field(
        {}, description='JSON object of tags for all that is made, as {"owner": "cardiology"}'
    )
    sagemaker_capture_percent: int = Field(
        0,
        ge=0,
        le=100,
        description="share of requests that SageMaker keeps in the bucket: beats of patients",
    )

    # FHIR
    page_count_default: PositiveInt = Field(50, description="entries per search page")
    page_count_max: PositiveInt = Field(1000, description="most entries per search page")
    job_life_s: PositiveFloat = Field(
        86_400.0, description="how long a bulk export or asynchronous search is kept, seconds"
    )
    token_life_s: PositiveInt = Field(3600, description="life of a development token, seconds")

    # Reports sent as HL7 v2 messages (ORU^R01 by MLLP)
    hl7v2_host: str | None = Field(
        None, min_length=1, description="host that takes HL7 v2 messages; unset: none are sent"
    )
    hl7v2_port: int = Field(2575, gt=0, le=65_535, description="its TCP port")
    hl7v2_tls: bool = Field(False, description="speak TLS to it")
    hl7v2_ca_file: Path | None = Field(
        None, description="CA that signed its certificate; unset: the public authorities"
    )
    hl7v2_application: str = Field(
        "HISBUNDLE", min_length=1, max_length=180, description="sending application, MSH-3"
    )
    hl7v2_facility: str = Field("", max_length=180, description="sending facility, MSH-4")
    hl7v2_to_application: str = Field(
        "", max_length=180, description="receiving application, MSH-5"
    )
    hl7v2_to_facility: str = Field("", max_length=180, description="receiving facility, MSH-6")

    # Addresses that we fetch from (clients' key sets)
    outbound_networks: tuple[IPvAnyNetwork, ...] = Field(
        (),
        description="JSON list of networks that we may connect to besides public ones, as "
        '["10.20.0.0/16"]; loopback and link-local only if listed as such',
    )
    outbound_ca_file: Path | None = Field(
        None, description="CA that signs hosts there; unset: the public authorities"
    )

    # Watch over recorders and the service itself
    alert_silent_s: PositiveFloat = Field(
        30.0, description="without a chunk for so long, a running recorder is silent, seconds"
    )
    alert_late_s: PositiveFloat = Field(
        60.0, description="a strip told so long after its last sample is late, seconds"
    )
    alert_lasting_s: PositiveFloat = Field(
        60.0, description="how long a recorder may run with its clock not set, seconds"
    )

    # Logs
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_json: bool = Field(False, description="one JSON object a line instead of text")

    # FHIR Subscriptions
    subscription_origins: tuple[str, ...] = Field(
        (),
        description="JSON list of origins that notifications may be sent to, as "
        '["https://ehr.example:8443"]; none by default',
    )

    # Messages to care teams; topics of Amazon SNS need no setting but aws_region
    smtp_host: str | None = Field(
        None, min_length=1, description="server that takes our e-mail; unset: none is sent"
    )
    smtp_port: int = Field(587, gt=0, le=65_535, description="its TCP port")
    smtp_tls: SmtpTls = Field(SmtpTls.STARTTLS, description="starttls, tls, or none")
    smtp_from: str | None = Field(None, description="address that e-mail comes from")
    smtp_user: str | None = Field(None, description="login there; unset: without")
    smtp_password: SecretStr | None = Field(None, description="password of that login")
    webhook_routing_key: SecretStr | None = Field(
        None, description="routing key of PagerDuty's Events API v2; unset: no webhooks"
    )
    webhook_origins: tuple[str, ...] = Field(
        ("https://events.pagerduty.com",),
        description="JSON list of origins that webhooks, and the routing key, may be sent to",
    )
    messages_per_minute: PositiveInt = Field(
        30,
        description="messages to one address within a minute, those of high priority apart; what "
        "is more waits",
    )
    messages_kept_s: PositiveFloat = Field(
        7_776_000.0, description="seconds after which a message that was taken is forgotten here"
    )
    messages_patience_s: PositiveFloat = Field(
        86_400.0, description="seconds for which a message is tried before it counts as dead"
    )
