"""What was chosen of a file, for whoever is to make the same data of the same file."""

from dataclasses import dataclass

from labelsmooth.own_data.preparing import Missing, shown_name


@dataclass(frozen=True)
class Recipe:
    """The column of labels, what became of missing values, and the columns that were left out."""

    label: str
    missing: Missing = "refuse"
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The choices in one line."""
        left_out = ", ".join(map(shown_name, self.left_out)) or "none"
        return f"label column: {shown_name(self.label)}; missing values: {self.missing}; columns left out: {left_out}"
