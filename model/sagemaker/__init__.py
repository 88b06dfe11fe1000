"""The package on Amazon SageMaker: model, configuration, endpoint, scaling. Needs no TensorFlow."""
