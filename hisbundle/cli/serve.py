"""``hisbundle serve``."""

from hisbundle.cli.common import BindHost, DataDir, HttpPort, MqttPort, read_settings


def serve(
    data_dir: DataDir = None,
    http_port: HttpPort = None,
    mqtt_port: MqttPort = None,
    bind_host: BindHost = None,
) -> None:
    """Run the service until SIGINT or SIGTERM; a second signal does not wait."""
    settings = read_settings(
        data_dir=data_dir, http_port=http_port, mqtt_port=mqtt_port, bind_host=bind_host
    )
    from hisbundle.logs import configure_logs
    from hisbundle.service import run_service

    configure_logs(settings.log_level, as_json=settings.log_json)
    run_service(settings)
