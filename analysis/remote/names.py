"""What weights are called where they run on Amazon SageMaker."""

import re


def remote_id(model_id: str) -> str:
    """The name under which the weights sign findings when the endpoint has run them."""
    return f"{model_id}@sagemaker"


def variant_name(model_id: str) -> str:
    """The production variant of these weights: each answer names it, so it tells whose it is.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
    """
    return re.sub(r"[^A-Za-z0-9]+", "-", model_id).strip("-")[:63].rstrip("-")
