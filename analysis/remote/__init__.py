"""The classifier behind an Amazon SageMaker endpoint; only beats leave, no name and no time."""
